import type { Environment } from "./environment.ts";
import type { Series } from "./rounds.ts";
import { spread } from "./statistics.ts";

/** A figure that the project wants to reach. */
export interface Goal {
  readonly name: string;
  readonly values: readonly number[];
  /** Of the values: empty for a ratio. */
  readonly unit: string;
  readonly want: { readonly least: number } | { readonly most: number } | null;
}

/** A baseline that is not here, and the command that installs it. */
export interface Skipped {
  readonly name: string;
  readonly install: string;
}

export interface Report {
  readonly name: string;
  readonly title: string;
  readonly environment: Environment;
  readonly rounds: number;
  readonly series: readonly Series[];
  readonly goals: readonly Goal[];
  readonly skipped: readonly Skipped[];
  /** What a reader has to know of the figures. */
  readonly notes: readonly string[];
}

/** The report as a table for people. */
export function reportText(report: Report): string {
  const { environment: on } = report;
  const gigabytes = (on.memory / 2 ** 30).toFixed(1);
  const docker = on.docker === null ? "no Docker" : `Docker ${on.docker}`;
  const lines = [
    `${report.name}: ${report.title}`,
    `  ${on.cpu}, ${on.cores} cores, ${gigabytes} GiB, ${on.system}, Node ${on.node}, ${docker}`,
    `  ${on.at}, load ${on.load.toFixed(1)} at the start, rounds: ${report.rounds}`,
  ];
  const measured = report.series.map(({ name, unit, values, loads }) => [
    name,
    ...columns(values),
    unit,
    `${values.map(digits).join(" ")}  (load ${loads.map((one) => one.toFixed(1)).join(" ")})`,
  ]);
  lines.push("", ...table(["measured", "min", "median", "max", "", "raw"], measured));
  const goals = report.goals.map(({ name, values, unit, want }) => [
    name,
    ...columns(values),
    unit,
    verdict(values, want),
  ]);
  if (goals.length > 0)
    lines.push("", ...table(["result", "min", "median", "max", "", "goal"], goals));
  for (const { name, install } of report.skipped) {
    lines.push("", `  skipped: ${name} is not here. It comes with`, `    ${install}`);
  }
  if (report.notes.length > 0) lines.push("", ...report.notes.map((note) => `  ${note}`));
  return `${lines.join("\n")}\n`;
}

function verdict(values: readonly number[], want: Goal["want"]): string {
  if (want === null) return "no goal";
  if (values.length === 0) return "not measured";
  const { median } = spread(values);
  const [text, met] =
    "least" in want
      ? [`at least ${want.least}`, median >= want.least]
      : [`at most ${want.most}`, median <= want.most];
  return `${text}: ${met ? "met" : "missed"}`;
}

function columns(values: readonly number[]): string[] {
  if (values.length === 0) return ["-", "-", "-"];
  const { min, median, max } = spread(values);
  return [min, median, max].map(digits);
}

/** Three digits that mean something, none of them behind a whole number of three or more. */
function digits(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** Left-aligned names and texts around right-aligned numbers. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    `  ${row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column >= 1 && column <= 3 ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")}`.trimEnd(),
  );
}
