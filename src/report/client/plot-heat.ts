import * as Plot from "@observablehq/plot";
import type { ColumnData } from "../document.ts";
import { CELLS } from "./axes.ts";
import { COMMON, type Drawing, pointCount, rampLegend, SCHEME, type Settings } from "./drawing.ts";
import { type Spread, spreads } from "./statistics.ts";
import { distinct, number } from "./values.ts";

/** The mean of a metric for each pair of values of two parameters. */
export function drawHeat(
  rows: readonly number[],
  x: ColumnData,
  y: ColumnData,
  metric: ColumnData,
  { width }: Settings,
): Drawing {
  const cells = spreads(rows, x, metric, y);
  const [across, up] = [distinct(x), distinct(y)];
  if (across.length > CELLS * 4 || up.length > CELLS * 4) {
    return {
      plot: null,
      legend: null,
      note: `Too many values for a heat map: ${across.length} × ${up.length}.`,
    };
  }
  const means = cells.map(({ mean }) => mean);
  const [least, most] = [Math.min(...means), Math.max(...means)];
  const size = Math.max(8, Math.min(56, Math.floor((width - 90) / across.length)));
  const height = Math.max(8, Math.min(44, Math.floor(420 / up.length), size)) * up.length;
  // Labels that would touch each other are left out.
  const every = (values: readonly unknown[], room: number) => {
    const step = Math.ceil(values.length / Math.max(1, room));
    return values.filter((_, i) => i % step === 0);
  };
  const longest = Math.max(...across.map((value) => text(value).length));
  const plotWidth = Math.min(width, size * across.length + 90);
  const plot = Plot.plot({
    ...COMMON,
    width: plotWidth,
    height: height + 70,
    marginLeft: 72,
    marginRight: 12,
    marginTop: 26,
    marginBottom: 40,
    ariaLabel: `${metric.heading} by ${x.heading} and ${y.heading}`,
    x: {
      type: "band",
      domain: across,
      label: x.heading,
      padding: 0.04,
      ticks: every(across, (plotWidth - 84) / (longest * 7.5 + 10)),
      tickFormat: text,
    },
    y: {
      type: "band",
      domain: up.toReversed(),
      label: y.heading,
      padding: 0.04,
      ticks: every(up, height / 16),
      tickFormat: text,
    },
    color: { scheme: SCHEME, domain: [least, most] },
    marks: [
      Plot.cell(cells, { x: "x", y: "series", fill: "mean" }),
      Plot.tip(
        cells,
        Plot.pointer({
          x: "x",
          y: "series",
          title: (d: Spread) =>
            [
              `${x.heading} ${text(d.x)}, ${y.heading} ${text(d.series)}`,
              `${metric.heading} ${d.count > 1 ? "mean " : ""}${number(d.mean)}`,
              ...(d.count > 1
                ? [`middle half ${number(d.low)} to ${number(d.high)}`, pointCount(d.count)]
                : []),
            ].join("\n"),
          fill: "var(--raised)",
          stroke: "var(--line)",
        }),
      ),
    ],
  });
  const many = cells.some(({ count }) => count > 1) ? " A cell is the mean of its points." : "";
  return {
    plot,
    legend: rampLegend(metric.heading, least, most),
    note: `${pointCount(rows.length)}.${many}`,
  };
}

function text(value: unknown): string {
  return typeof value === "number" ? number(value) : String(value);
}
