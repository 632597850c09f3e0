import * as Plot from "@observablehq/plot";
import type { PairedMetric, PairedTable } from "../document.ts";
import { h, onWidth, picker, section, whenNear } from "./dom.ts";
import { COMMON, show } from "./drawing.ts";
import { sample } from "./statistics.ts";
import { number } from "./values.ts";
import type { ViewStore } from "./view.ts";

const DOTS = 3000;

/** Each point's metric in B against A, with the line on which both are equal; null without any. */
export function comparisonPlot(table: PairedTable, view: ViewStore): HTMLElement | null {
  const metrics = table.metrics.filter(({ a, b }) =>
    a.some((value, i) => value !== null && b[i] !== null && b[i] !== undefined),
  );
  let [metric] = metrics;
  if (metric === undefined) return null;
  let width = 0;
  const frame = h("div", { class: "plot", id: "plot" });
  const draw = () => {
    if (width === 0 || metric === undefined) return;
    show(
      frame,
      [h("h3", {}, h("b", {}, metric.heading), " of B against A")],
      chart(metric, table, view.get().rows, Math.min(width, 620)),
    );
    frame.append(
      h("p", { class: "muted" }, "A point on the line is the same in both; above it, B is higher."),
    );
  };
  whenNear(frame, () => {
    onWidth(frame, (now) => {
      width = now;
      draw();
    });
    view.listen(draw);
  });
  const choices = metrics.map(({ heading }, i) => ({ value: String(i), text: heading }));
  const tools = picker("Metric", choices, "0", (value) => {
    metric = metrics[Number(value)];
    draw();
  });
  return section("plots", "Plot", h("div", { class: "tools" }, tools), frame);
}

function chart(
  { heading, a, b }: PairedMetric,
  { names }: PairedTable,
  rows: readonly number[],
  width: number,
) {
  const dots = sample(
    rows.flatMap((row) => {
      const [before, after] = [a[row] ?? null, b[row] ?? null];
      return before === null || after === null ? [] : [{ name: names[row], a: before, b: after }];
    }),
    DOTS,
  );
  const values = dots.flatMap((dot) => [dot.a, dot.b]);
  const least = values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const most = values.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
  const domain = least === most ? [least - 1, most + 1] : [least, most];
  return Plot.plot({
    ...COMMON,
    width,
    height: Math.max(280, width * 0.75),
    marginLeft: 64,
    marginBottom: 44,
    ariaLabel: `${heading} of B against A`,
    x: { label: `${heading}, A`, grid: true, domain, nice: true, ticks: Math.floor(width / 110) },
    y: { label: `${heading}, B`, grid: true, domain, nice: true, ticks: 5 },
    marks: [
      Plot.line(
        domain.map((value) => [value, value]),
        { stroke: "var(--soft)", strokeDasharray: "4 4" },
      ),
      Plot.dot(dots, {
        x: "a",
        y: "b",
        fill: "var(--series-1)",
        fillOpacity: dots.length > 300 ? 0.4 : 0.75,
        r: dots.length > 300 ? 2.5 : 3.5,
      }),
      Plot.tip(
        dots,
        Plot.pointer({
          x: "a",
          y: "b",
          title: (dot: (typeof dots)[number]) =>
            `${dot.name}\nA ${number(dot.a)}\nB ${number(dot.b)}`,
          fill: "var(--raised)",
          stroke: "var(--line)",
        }),
      ),
    ],
  });
}
