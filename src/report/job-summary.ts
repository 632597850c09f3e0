import { appendFileSync, statSync } from "node:fs";
import type { Cell } from "../results/layout.ts";
import { STATUSES } from "../sweep/sweep.ts";
import { runWords } from "./data/commands.ts";
import { mermaid } from "./job-summary-chart.ts";
import type { SummaryData } from "./job-summary-data.ts";
import { code, cut, fenced, folded, inline, shellWord, table } from "./markdown.ts";
import { counted, duration, grouped } from "./units.ts";

/** Bytes of a step's summary that GitHub takes; a larger one it drops as a whole. */
const LIMIT = 1024 * 1024 - 1;

/**
 * Appends the summary of a run to the file GITHUB_STEP_SUMMARY, which takes what fits beside what
 * the step has written there before.
 */
export function writeJobSummary(file: string, data: SummaryData): void {
  const before = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  appendFileSync(file, jobSummary(data, LIMIT - before));
}

/**
 * The summary of a run for its job's page, in GitHub's Markdown, of at most `room` bytes. Where it
 * would be larger, the table of all points loses rows first, then go logs, the chart, failures and
 * missing points; empty where there is no room for anything.
 */
export function jobSummary(data: SummaryData, room = LIMIT): string {
  for (const detail of DETAILS) {
    const text = summary(data, detail);
    if (Buffer.byteLength(text) <= room) return text;
  }
  return "";
}

/** How much of each part is shown. */
interface Detail {
  readonly rows: number;
  readonly failures: number;
  /** Characters of a line of a log; 0: no logs. */
  readonly log: number;
  readonly chart: boolean;
  /** Names for each shard. */
  readonly missing: number;
  readonly shards: number;
  readonly commands: boolean;
}

const ALL: Detail = {
  rows: 500,
  failures: 20,
  log: 1000,
  chart: true,
  missing: 50,
  shards: 256,
  commands: true,
};

/** From all to next to nothing. */
const DETAILS: readonly Detail[] = [
  ALL,
  { ...ALL, rows: 200 },
  { ...ALL, rows: 50 },
  { ...ALL, rows: 10 },
  { ...ALL, rows: 0 },
  { ...ALL, rows: 0, log: 200 },
  { ...ALL, rows: 0, log: 0 },
  { ...ALL, rows: 0, log: 0, chart: false },
  { ...ALL, rows: 0, log: 0, chart: false, failures: 5, missing: 5 },
  { ...ALL, rows: 0, log: 0, chart: false, failures: 5, missing: 0, shards: 10 },
  { rows: 0, log: 0, chart: false, failures: 0, missing: 0, shards: 0, commands: false },
];

function summary(data: SummaryData, detail: Detail): string {
  const parts = [
    `## ${inline(cut(data.name, 100))}: ${verdict(data)}`,
    statuses(data),
    times(data),
    missing(data, detail),
    failed(data, detail),
    chart(data, detail),
    points(data, detail),
    detail.commands ? commands(data) : null,
  ];
  return `${parts.filter((part) => part !== null).join("\n\n")}\n\n`;
}

function verdict({ points, counts, failed, missing }: SummaryData): string {
  if (points === 0) return "no points";
  if (counts.succeeded === points) return `all ${counted(points, "point")} succeeded`;
  const lost = missing.reduce((sum, shard) => sum + shard.points.length, 0);
  const rest = points - counts.succeeded - failed - lost;
  const said = [
    ...(failed > 0 ? [`${grouped(failed)} failed`] : []),
    ...(lost > 0 ? [`${grouped(lost)} missing`] : []),
    ...(rest > 0 ? [`${grouped(rest)} not run`] : []),
  ];
  return `${said.join(", ")} of ${counted(points, "point")}`;
}

function statuses({ counts, cached }: SummaryData): string {
  const rows = STATUSES.filter((status) => counts[status] > 0).map((status) => {
    const note = status === "succeeded" && cached > 0 ? `, ${grouped(cached)} of them earlier` : "";
    return [status, `${grouped(counts[status])}${note}`];
  });
  return table(
    [
      { heading: "status", right: false },
      { heading: "points", right: true },
    ],
    rows,
  );
}

function times({ seconds, work, engine, image, artifact, cost }: SummaryData): string {
  const { sum, cpu, longest } = work;
  const how = engine === null ? "" : ` on the engine ${inline(engine)}`;
  const what = image === null || image === "" ? "" : `, ${code(cut(image, 150))}`;
  const lines = [`Took ${duration(seconds)}${how}${what}.`];
  if (longest !== null) {
    lines.push(
      `The points took ${duration(sum)} together${cpu > 0 ? `, ${duration(cpu)} of it CPU` : ""}; ` +
        `the longest ${duration(longest.seconds)}: ${code(cut(longest.name, 200))}.`,
    );
  }
  if (cost !== null) lines.push(`Machines cost ${cost}.`);
  if (artifact !== null) {
    lines.push(`Results: [${inline(artifact.name)}](<${artifact.url.replace(/[<>\s]/g, "")}>)`);
  }
  // Two spaces at its end break a line.
  return lines.join("  \n");
}

function missing({ missing }: SummaryData, detail: Detail): string | null {
  if (missing.length === 0 || detail.shards === 0) return null;
  const lines = missing.slice(0, detail.shards).map(({ shard, points, why }) => {
    const names = points.slice(0, detail.missing).map((name) => code(cut(name, 200)));
    const more = points.length - names.length;
    const rest =
      more === 0 ? [] : [names.length === 0 ? counted(more, "point") : `${grouped(more)} more`];
    return `- shard ${shard} (${inline(cut(why, 300))}): ${[...names, ...rest].join(", ")}`;
  });
  const more = missing.length - lines.length;
  if (more > 0) lines.push(`- and ${counted(more, "more shard")}`);
  return `### Missing points\n\n${lines.join("\n")}`;
}

function failed({ failures, failed }: SummaryData, detail: Detail): string | null {
  const shown = failures.slice(0, detail.failures);
  if (shown.length === 0) return null;
  const parts = shown.map(({ name, status, reason, lastLines }) => {
    const why = reason === null ? "" : `: ${code(cut(reason, 500))}`;
    const title = `${code(cut(name, 200))} ${inline(status)}${why}`;
    const lines = detail.log === 0 ? [] : lastLines.map((line) => cut(line, detail.log));
    return lines.length === 0 ? `- ${title}` : folded(title, fenced(lines.join("\n")));
  });
  const more = failed - shown.length;
  if (more > 0) parts.push(`And ${counted(more, "more failed point")}: see the results.`);
  return `### Failed points\n\n${parts.join("\n\n")}`;
}

function chart({ chart }: SummaryData, detail: Detail): string | null {
  const drawn = chart === null || !detail.chart ? null : mermaid(chart);
  if (chart === null || drawn === null) return null;
  const { least, most } = chart.points;
  const many =
    least === most ? `${counted(most, "point")} each` : `up to ${counted(most, "point")}`;
  const mean = most > 1 ? `, the mean of ${many}` : "";
  return (
    `### ${code(cut(chart.metric, 100))} by ${code(cut(chart.parameter, 100))}${mean}\n\n` +
    fenced(drawn, "mermaid")
  );
}

/** The others are the sweep's and the simulation's words. */
const OWN_HEADINGS = new Set(["name", "status", "seconds"]);

/** Numbers with six digits: all of them are in the results. */
function shown(cell: Cell, plain: boolean): string {
  if (cell === null) return "";
  if (typeof cell === "string") return plain ? inline(cell) : code(cell);
  if (typeof cell === "number" && !Number.isInteger(cell))
    return String(Number(cell.toPrecision(6)));
  return String(cell);
}

/** Longer tables are folded. */
const OPEN_ROWS = 20;

function points(data: SummaryData, detail: Detail): string | null {
  const { columns, moreColumns, artifact } = data;
  const rows = data.rows.slice(0, detail.rows);
  if (rows.length === 0) return null;
  const headings = columns.map(({ heading, right }) => ({
    heading: OWN_HEADINGS.has(heading) ? heading : code(heading),
    right,
  }));
  const cells = rows.map((row) =>
    row.map((cell, i) => shown(cell, columns[i]?.heading === "status")),
  );
  const parts = [table(headings, cells)];
  const left = [
    ...(data.points > rows.length ? [counted(data.points - rows.length, "more point")] : []),
    ...(moreColumns > 0 ? [counted(moreColumns, "more column")] : []),
  ];
  if (left.length > 0) {
    const where = artifact === null ? "results.csv" : `results.csv of ${inline(artifact.name)}`;
    parts.push(`${left.join(" and ")} in ${where}.`);
  }
  const content = parts.join("\n\n");
  const which = rows.length === data.points ? "All" : "The first";
  const title = `${which} ${counted(rows.length, "point")}`;
  return rows.length > OPEN_ROWS ? folded(title, content) : `### ${title}\n\n${content}`;
}

/** Characters of a command; beyond, it is no help any more. */
const COMMAND = 8000;

function commands(data: SummaryData): string | null {
  const { sweep, workflow, artifact, engine, image } = data;
  const lines: string[] = [];
  if (sweep !== null) {
    const last = engine === null ? null : { engine, image: image ?? "" };
    const words = runWords({ ...sweep, allowOutside: false }, last);
    lines.push(["npx", "sim-pipeline", "run", ...words].map(shellWord).join(" "));
  }
  if (workflow !== null && artifact !== null) {
    const where = ["--repo", workflow.repository, "--name", artifact.name];
    lines.push(
      ["gh", "run", "download", String(workflow.runId), ...where].map(shellWord).join(" "),
    );
  }
  const text = lines.filter((line) => line.length <= COMMAND).join("\n");
  return text === "" ? null : `### The same on your machine\n\n${fenced(text, "sh")}`;
}
