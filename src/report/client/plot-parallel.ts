import * as Plot from "@observablehq/plot";
import type { ColumnData } from "../document.ts";
import { COMMON, type Drawing, pointCount, rampLegend, SCHEME, type Settings } from "./drawing.ts";
import { sample } from "./statistics.ts";
import { distinct, number } from "./values.ts";

const LINES = 1500;
/** Axes that fit beside each other. */
const AXES = 12;

interface Vertex {
  readonly row: number;
  readonly axis: string;
  readonly at: number;
  readonly color: number;
}

/** A line for each point through all its parameters to the metric, by whose value it is coloured. */
export function drawParallel(
  rows: readonly number[],
  parameters: readonly ColumnData[],
  metric: ColumnData,
  { width, points }: Settings,
): Drawing {
  const axes = [...parameters.slice(0, AXES - 1), metric].map(axisOf);
  const measured = rows.filter((row) => typeof metric.values[row] === "number");
  const numbers = measured.map((row) => Number(metric.values[row]));
  // The largest last, so that they lie above.
  const lines = sample(measured, LINES).toSorted(
    (a, b) => Number(metric.values[a]) - Number(metric.values[b]),
  );
  // From -1 to 1: lines through one value lie beside each other, not on each other.
  const ranks = new Map(lines.map((row, i) => [row, (2 * i) / Math.max(1, lines.length - 1) - 1]));
  const vertices = lines.flatMap((row) =>
    axes.flatMap(({ column, place }): Vertex[] => {
      const at = place(column.values[row] ?? null, ranks.get(row) ?? 0);
      return at === null
        ? []
        : [{ row, axis: column.heading, at, color: Number(metric.values[row]) }];
    }),
  );
  const [least, most] = numbers.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const labels = axes.flatMap(({ column, ticks }) =>
    ticks.map(({ at, text }) => ({ axis: column.heading, at, text })),
  );
  const plot = Plot.plot({
    ...COMMON,
    width,
    height: 400,
    marginLeft: 50,
    marginRight: 60,
    marginTop: 34,
    marginBottom: 16,
    ariaLabel: `${metric.heading} by all parameters`,
    x: {
      type: "point",
      domain: axes.map(({ column }) => column.heading),
      axis: "top",
      label: null,
      padding: 0.15,
      tickSize: 0,
    },
    y: { domain: [-0.04, 1.04], axis: null },
    color: { scheme: SCHEME, domain: [least, most] },
    marks: [
      Plot.line(vertices, {
        x: "axis",
        y: "at",
        z: "row",
        stroke: "color",
        strokeWidth: 1,
        strokeOpacity: lines.length > 400 ? 0.35 : 0.7,
      }),
      Plot.ruleX(
        axes.map(({ column }) => column.heading),
        { stroke: "var(--ink)", strokeOpacity: 0.5 },
      ),
      Plot.text(labels, {
        x: "axis",
        y: "at",
        text: "text",
        dx: 6,
        textAnchor: "start",
        stroke: "var(--paper)",
        strokeWidth: 4,
        fill: "var(--ink)",
      }),
      Plot.tip(
        vertices,
        Plot.pointer({
          x: "axis",
          y: "at",
          title: (d: Vertex) => `${points.name(d.row)}\n${metric.heading} ${number(d.color)}`,
          fill: "var(--raised)",
          stroke: "var(--line)",
        }),
      ),
    ],
  });
  const part =
    lines.length < measured.length ? `, of which ${pointCount(lines.length)} are drawn` : "";
  return {
    plot,
    legend: rampLegend(metric.heading, least, most),
    note: `${pointCount(measured.length)}${part}.`,
  };
}

/** Where each value stands on its axis, from 0 to 1, and which are written there. */
function axisOf(column: ColumnData) {
  const values = distinct(column);
  const numeric = values.filter((value) => typeof value === "number");
  const few = values.length <= 8;
  if (numeric.length === values.length && !few) {
    const [least = 0] = numeric;
    const most = numeric.at(-1) ?? least;
    const ticks = [0, 0.5, 1].map((at) => ({ at, text: number(least + (most - least) * at) }));
    return {
      column,
      ticks,
      place: (value: unknown, _rank: number) =>
        typeof value === "number" ? (value - least) / (most - least || 1) : null,
    };
  }
  // Few values, and words, stand at equal distances.
  const places = new Map<unknown, number>(
    values.map((value, i) => [value, values.length === 1 ? 0.5 : i / (values.length - 1)]),
  );
  const step = Math.ceil(values.length / 12);
  return {
    column,
    ticks: values
      .filter((_, i) => i % step === 0)
      .map((value) => ({
        at: places.get(value) ?? 0,
        text: typeof value === "number" ? number(value) : String(value).slice(0, 20),
      })),
    place: (value: unknown, rank: number) => {
      const at = places.get(value);
      return at === undefined ? null : at + (rank * 0.3) / Math.max(8, values.length);
    },
  };
}
