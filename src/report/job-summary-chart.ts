import type { Row } from "../results/layout.ts";

/** The mean of a metric over the points, by a parameter's value. */
export interface Chart {
  readonly parameter: string;
  readonly metric: string;
  /** Ascending where the parameter is a number; two at least. */
  readonly means: readonly { readonly label: string; readonly mean: number }[];
  /** How many points the means are made of. */
  readonly points: { readonly least: number; readonly most: number };
}

/** More labels do not fit beside each other. */
const LABELS = 20;
/** Distinct values that are looked at to choose a parameter. */
const LOOKED_AT = 5000;

/**
 * Chooses what to show of a sweep: the first metric that is a number and differs among the points,
 * against the first parameter with several numbers, or else with several values. Null where there
 * is none, as in a sweep without metrics. Only points that succeeded count.
 *
 * Takes `rows` twice, so that it holds none of them.
 */
export function chooseChart(rows: () => Iterable<Row>): Chart | null {
  const parameters = new Map<string, { numeric: boolean; values: Set<unknown> }>();
  const metrics = new Map<string, { numeric: boolean; least: number; most: number }>();
  for (const row of succeeded(rows())) {
    for (const [name, value] of Object.entries(row.parameters)) {
      const seen = entry(parameters, name, () => ({ numeric: true, values: new Set() }));
      if (typeof value !== "number") seen.numeric = false;
      if (seen.values.size < LOOKED_AT) seen.values.add(value);
    }
    for (const [name, value] of Object.entries(row.metrics)) {
      if (value === null) continue;
      const seen = entry(metrics, name, () => ({
        numeric: true,
        least: Infinity,
        most: -Infinity,
      }));
      if (typeof value !== "number") seen.numeric = false;
      else {
        seen.least = Math.min(seen.least, value);
        seen.most = Math.max(seen.most, value);
      }
    }
  }
  const metric = [...metrics].find(([, { numeric, least, most }]) => numeric && least < most)?.[0];
  const several = [...parameters].filter(([, { values }]) => values.size > 1);
  const parameter =
    several.find(([, { numeric }]) => numeric) ??
    several.find(([, { values }]) => values.size <= LABELS);
  if (metric === undefined || parameter === undefined) return null;
  const [name, { numeric }] = parameter;
  return means(succeeded(rows()), name, metric, numeric);
}

function* succeeded(rows: Iterable<Row>): Iterable<Row> {
  for (const row of rows) if (row.status === "succeeded") yield row;
}

function entry<T>(map: Map<string, T>, name: string, make: () => T): T {
  const there = map.get(name) ?? make();
  map.set(name, there);
  return there;
}

function means(
  rows: Iterable<Row>,
  parameter: string,
  metric: string,
  numeric: boolean,
): Chart | null {
  const sums = new Map<unknown, { sum: number; count: number }>();
  for (const row of rows) {
    const x = Object.hasOwn(row.parameters, parameter) ? row.parameters[parameter] : undefined;
    const y = Object.hasOwn(row.metrics, metric) ? row.metrics[metric] : undefined;
    if (x === undefined || typeof y !== "number") continue;
    const at = sums.get(x) ?? { sum: 0, count: 0 };
    sums.set(x, { sum: at.sum + y, count: at.count + 1 });
  }
  const found = [...sums].map(([value, sum]) => ({ value, ...sum }));
  if (numeric) found.sort((a, b) => Number(a.value) - Number(b.value));
  // Neighbours of a parameter with many values share a place.
  const size = Math.ceil(found.length / LABELS);
  const groups = Array.from({ length: Math.ceil(found.length / Math.max(1, size)) }, (_, i) =>
    found.slice(i * size, (i + 1) * size),
  );
  if (groups.length < 2) return null;
  const total = (group: typeof found) => group.reduce((sum, { count }) => sum + count, 0);
  return {
    parameter,
    metric,
    means: groups.map((group) => ({
      label: String(group[0]?.value),
      mean: group.reduce((sum, one) => sum + one.sum, 0) / total(group),
    })),
    points: { least: Math.min(...groups.map(total)), most: Math.max(...groups.map(total)) },
  };
}

/**
 * The chart in mermaid's language, which GitHub draws. Its numbers know no exponent and its texts
 * no quoting (https://mermaid.js.org/syntax/xyChart), so numbers are scaled and texts simplified.
 * Null where the numbers are not to be drawn.
 */
export function mermaid({ parameter, metric, means }: Chart): string | null {
  const largest = Math.max(...means.map(({ mean }) => Math.abs(mean)));
  const power = largest === 0 ? 0 : Math.floor(Math.log10(largest));
  // Also where a mean is too large for a number.
  if (!(power >= -300)) return null;
  const exponent = power < -2 || power > 5 ? power : 0;
  const values = means.map(({ mean }) => mean / 10 ** exponent);
  if (!values.every(Number.isFinite)) return null;
  const number = (value: number) => String(Number(value.toFixed(6)));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const margin = (most - least || Math.abs(most) || 1) / 10;
  const [bottom, top] = [number(least - margin), number(most + margin)];
  // So little of a difference is none that a line could show.
  if (bottom === top) return null;
  const unit = exponent === 0 ? "" : ` in 10^${exponent}`;
  return [
    "xychart-beta",
    `  x-axis "${label(parameter)}" [${means.map((one) => `"${label(one.label)}"`).join(", ")}]`,
    `  y-axis "${label(metric)}${unit}" ${bottom} --> ${top}`,
    `  line [${values.map(number).join(", ")}]`,
  ].join("\n");
}

/** A text that mermaid takes between quotes, as short as an axis has room for. */
function label(text: string): string {
  const plain = text.replace(/[^\p{L}\p{N} .,_+\-^()/=]/gu, " ").trim();
  return (plain.length > 24 ? `${plain.slice(0, 23)}…` : plain) || "-";
}
