import * as Plot from "@observablehq/plot";
import type { ColumnData } from "../document.ts";
import {
  COLORS,
  COMMON,
  type Drawing,
  pointCount,
  type Settings,
  SYMBOLS,
  seriesLegend,
} from "./drawing.ts";
import { type Spread, sample, spreads } from "./statistics.ts";
import { distinct, isNumeric, number } from "./values.ts";

/** Dots that are drawn behind the means. */
const DOTS = 1500;

/** The mean of a metric by a parameter, and how the points of one value spread around it. */
export function drawLine(
  rows: readonly number[],
  x: ColumnData,
  metric: ColumnData,
  series: ColumnData | null,
  { width, logX, logY }: Settings,
): Drawing {
  const ascending = isNumeric(x);
  const order = new Map(distinct(x).map((value, i) => [value, i]));
  const groups = spreads(rows, x, metric, series).toSorted(
    (a, b) => (order.get(a.x) ?? 0) - (order.get(b.x) ?? 0),
  );
  const names = series === null ? [""] : distinct(series).map(String);
  const own = (value: unknown) => (series === null ? "" : String(value));
  const repeated = groups.some(({ count }) => count > 1);
  const dots = sample(
    rows.filter((row) => typeof metric.values[row] === "number" && x.values[row] !== null),
    DOTS,
  ).map((row) => ({
    row,
    x: x.values[row],
    y: metric.values[row],
    series: own(series?.values[row]),
  }));
  const lineX = ascending ? "x" : (d: Spread) => String(d.x);
  const marks: Plot.Markish[] = [];
  if (repeated) {
    const band = { x: lineX, y1: "low", y2: "high" };
    marks.push(
      ascending
        ? Plot.areaY(groups, {
            ...band,
            z: (d: Spread) => own(d.series),
            fill: (d: Spread) => own(d.series),
            fillOpacity: 0.16,
          })
        : Plot.ruleX(groups, {
            ...band,
            stroke: (d: Spread) => own(d.series),
            strokeWidth: 6,
            strokeOpacity: 0.25,
          }),
      Plot.dot(dots, {
        x: ascending ? "x" : (d: (typeof dots)[number]) => String(d.x),
        y: "y",
        fill: "series",
        r: 1.6,
        fillOpacity: 0.35,
        stroke: "none",
      }),
    );
  }
  if (ascending) {
    marks.push(
      Plot.lineY(groups, {
        x: "x",
        y: "mean",
        z: (d: Spread) => own(d.series),
        stroke: (d: Spread) => own(d.series),
        strokeWidth: 2,
      }),
    );
  }
  marks.push(
    Plot.dot(groups, {
      x: lineX,
      y: "mean",
      fill: (d: Spread) => own(d.series),
      symbol: (d: Spread) => own(d.series),
      r: groups.length > 60 ? 2.5 : 4,
    }),
    Plot.tip(
      groups,
      Plot.pointer({
        x: lineX,
        y: "mean",
        title: (d: Spread) => told(d, x, metric, series),
        fill: "var(--raised)",
        stroke: "var(--line)",
      }),
    ),
  );
  const plot = Plot.plot({
    ...COMMON,
    width,
    height: Math.max(260, Math.min(420, width * 0.5)),
    marginLeft: 64,
    marginBottom: 44,
    ariaLabel: `${metric.heading} by ${x.heading}`,
    x: ascending
      ? {
          label: x.heading,
          type: logX ? "log" : "linear",
          grid: true,
          ...(logX ? { tickFormat: logFormat(distinct(x)) } : {}),
          nice: false,
          inset: 8,
          ticks: logX ? Math.max(3, Math.floor(width / 110)) : tickCount(x, width),
        }
      : { type: "band", label: x.heading, domain: distinct(x).map(String), padding: 0.3 },
    y: {
      label: metric.heading,
      type: logY ? "log" : "linear",
      grid: true,
      nice: true,
      ticks: 6,
      ...(logY ? { tickFormat: logFormat(metric.values) } : {}),
    },
    color: { type: "ordinal", domain: names, range: COLORS.slice(0, names.length) },
    symbol: { domain: names, range: SYMBOLS.slice(0, names.length) },
    marks,
  });
  const spread = repeated
    ? "The line is the mean; the band holds the middle half of the points of each value."
    : "";
  return {
    plot,
    legend: series === null ? null : seriesLegend(series.heading, names),
    note: `${pointCount(rows.length)}. ${spread}`,
  };
}

function told(
  { x: at, series: one, count, mean, low, high }: Spread,
  x: ColumnData,
  metric: ColumnData,
  series: ColumnData | null,
): string {
  return [
    `${x.heading} ${typeof at === "number" ? number(at) : at}`,
    ...(series === null ? [] : [`${series.heading} ${one}`]),
    count > 1 ? `${metric.heading} mean ${number(mean)}` : `${metric.heading} ${number(mean)}`,
    ...(count > 1 ? [`middle half ${number(low)} to ${number(high)}`, pointCount(count)] : []),
  ].join("\n");
}

/** As many as there is room for, but none between whole numbers. */
function tickCount(x: ColumnData, width: number): number {
  const room = Math.max(3, Math.floor(width / 110));
  if (x.type !== "integer") return room;
  const values = distinct(x);
  return Math.min(room, Math.max(1, Number(values.at(-1)) - Number(values[0])));
}

/** Thousands as 10k where all numbers are large; milli and micro are not what people read. */
function logFormat(values: readonly unknown[]): string {
  return values.every((value) => value === null || Number(value) >= 1) ? "~s" : "~g";
}
