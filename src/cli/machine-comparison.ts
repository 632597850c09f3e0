import { type SizeForecast, worthwhile } from "../machines/compare.ts";
import { money } from "../machines/cost.ts";
import { bytes, counted, duration, grouped } from "../report/units.ts";
import type { MachineComparison } from "../run/compare-machines.ts";

/** A provider's sizes for a sweep, those worth choosing, the cheapest and the fastest marked. */
export function comparisonText(comparison: MachineComparison): string {
  const { provider, currency, points, cpuSeconds, forecasts } = comparison;
  const share = Math.round(comparison.parallelShare * 100);
  const shown = worthwhile(forecasts);
  const [cheapest, fastest] = [shown[0], shown.at(-1)];
  if (cheapest === undefined) return `${provider} has no size for this sweep.\n`;
  const rows = shown.map((one) => [
    one.size.name,
    grouped(one.size.cpus),
    bytes(one.size.memory),
    money(one.size.pricePerHour ?? 0, currency),
    grouped(one.workers),
    duration(one.seconds),
    money(one.cost, currency),
    [one === cheapest ? "cheapest" : "", one === fastest ? "fastest" : ""]
      .filter((mark) => mark !== "")
      .join(", "),
  ]);
  const head = ["size", "cpus", "memory", "an hour", "at once", "time", "cost", ""];
  const others = forecasts.length - shown.length;
  return [
    `${counted(points, "point")} of ${duration(cpuSeconds)} CPU time each` +
      `${share > 0 ? `, ${share} % of it parallel` : ""}, on one machine of ${provider}:`,
    "",
    ...table([head, ...rows]),
    "",
    ...(others > 0
      ? [`${counted(others, "other size")} would be neither faster nor cheaper; --json has all.`]
      : []),
    "Times include two minutes to start and to give back. A model: every processor counts as being as fast as the one that was measured.",
    "",
  ].join("\n");
}

/** The columns aligned: the first and the last to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || column === row.length - 1
          ? text.padEnd(width)
          : text.padStart(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

/** The same for other programs: all sizes. */
export function comparisonJson(comparison: MachineComparison) {
  const { forecasts, ...rest } = comparison;
  return { ...rest, sizes: forecasts.map(plain) };
}

function plain({ size, workers, seconds, cost }: SizeForecast) {
  const { name, cpus, memory, pricePerHour, regions } = size;
  return { name, cpus, memory, pricePerHour, regions, workers, seconds, cost };
}
