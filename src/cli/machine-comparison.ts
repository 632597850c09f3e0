import { type SizeForecast, worthwhile } from "../machines/compare.ts";
import { money } from "../machines/cost.ts";
import { bytes, counted, duration, grouped } from "../report/units.ts";
import type { MachineComparison } from "../run/compare-machines.ts";
import { type Column, table } from "./table.ts";

/** A provider's sizes for a sweep, those worth choosing, the cheapest and the fastest marked. */
export function comparisonText(comparison: MachineComparison): string {
  const { provider, currency, points, cpuSeconds, forecasts } = comparison;
  const share = Math.round(comparison.parallelShare * 100);
  const shown = worthwhile(forecasts);
  const [cheapest, fastest] = [shown[0], shown.at(-1)];
  if (cheapest === undefined) return `${provider} has no size for this sweep.\n`;
  const marks = (one: SizeForecast) =>
    [one === cheapest ? "cheapest" : "", one === fastest ? "fastest" : ""]
      .filter(Boolean)
      .join(", ");
  const columns: readonly Column<SizeForecast>[] = [
    { title: "size", cell: ({ size }) => size.name },
    { title: "cpus", right: true, cell: ({ size }) => grouped(size.cpus) },
    { title: "memory", right: true, cell: ({ size }) => bytes(size.memory) },
    { title: "an hour", right: true, cell: ({ size }) => money(size.pricePerHour ?? 0, currency) },
    { title: "at once", right: true, cell: ({ workers }) => grouped(workers) },
    { title: "time", right: true, cell: ({ seconds }) => duration(seconds) },
    { title: "cost", right: true, cell: ({ cost }) => money(cost, currency) },
    { title: "", cell: marks },
  ];
  const others = forecasts.length - shown.length;
  return [
    `${counted(points, "point")} of ${duration(cpuSeconds)} CPU time each` +
      `${share > 0 ? `, ${share} % of it parallel` : ""}, on one machine of ${provider}:`,
    "",
    table(columns, shown, process.stdout),
    ...(others > 0
      ? [`${counted(others, "other size")} would be neither faster nor cheaper; --json has all.`]
      : []),
    "Times include two minutes to start and to give back. A model: every processor counts as being as fast as the one that was measured.",
    "",
  ].join("\n");
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
