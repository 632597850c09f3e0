import type { PairedMetric, PairedTable } from "../document.ts";
import { grouped } from "../quantities.ts";
import { h } from "./dom.ts";
import { number, shown } from "./values.ts";

export interface MetricChange {
  /** Points that have the metric in both runs. */
  readonly count: number;
  readonly meanA: number;
  readonly meanB: number;
  readonly lower: number;
  readonly higher: number;
  /** The row whose difference is the largest; null where none differs. */
  readonly largest: number | null;
}

/** How a metric changed, over the points that have it in both runs. */
export function metricChange({ a, b }: PairedMetric): MetricChange | null {
  let [count, sumA, sumB, lower, higher, most] = [0, 0, 0, 0, 0, 0];
  let largest: number | null = null;
  for (const [row, before] of a.entries()) {
    const after = b[row] ?? null;
    if (before === null || after === null) continue;
    count++;
    sumA += before;
    sumB += after;
    if (after < before) lower++;
    if (after > before) higher++;
    if (Math.abs(after - before) > most) {
      most = Math.abs(after - before);
      largest = row;
    }
  }
  if (count === 0) return null;
  return { count, meanA: sumA / count, meanB: sumB / count, lower, higher, largest };
}

/** Each metric's means in both runs, and which points differ. */
export function metricTable(table: PairedTable): HTMLElement {
  const rows = table.metrics.flatMap((metric) => {
    const change = metricChange(metric);
    if (change === null) return [];
    const { count, meanA, meanB, lower, higher, largest } = change;
    const text = (value: number) => shown({ heading: metric.heading, group: "point" }, value);
    const equal = count - lower - higher;
    return [
      h(
        "tr",
        {},
        h("th", { scope: "row" }, metric.heading),
        h("td", { class: "number" }, text(meanA)),
        h("td", { class: "number" }, text(meanB)),
        h("td", { class: "number" }, relative(meanA, meanB)),
        h("td", { class: "number" }, grouped(lower)),
        h("td", { class: "number" }, grouped(equal)),
        h("td", { class: "number" }, grouped(higher)),
        h("td", {}, largest === null ? "" : (table.names[largest] ?? "")),
      ),
    ];
  });
  const head = [
    "",
    "Mean of A",
    "Mean of B",
    "Change",
    "Lower",
    "Equal",
    "Higher",
    "Largest difference",
  ];
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      { class: "plain metrics" },
      h("thead", {}, h("tr", {}, ...head.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, ...rows),
    ),
  );
}

function relative(before: number, after: number): string {
  if (before === after) return "0 %";
  if (before === 0) return number(after - before);
  const percent = (100 * (after - before)) / Math.abs(before);
  const text = Math.abs(percent) >= 1000 ? number(Math.round(percent)) : percent.toPrecision(3);
  return `${percent > 0 ? "+" : ""}${text.replace("-", "−")} %`;
}
