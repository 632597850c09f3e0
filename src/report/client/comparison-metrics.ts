import type { PairedTable } from "../document.ts";
import { grouped } from "../quantities.ts";
import { h } from "./dom.ts";
import { metricChange } from "./metric-change.ts";
import { number, shown } from "./values.ts";

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
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ...head.map((text, i) =>
            h("th", { scope: "col", class: i > 0 && i < 7 ? "number" : null }, text),
          ),
        ),
      ),
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
