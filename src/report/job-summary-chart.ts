import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

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
const PARAMETER = z.object({ name: z.string(), numeric: z.number(), several: z.number() });
const METRIC = z.object({ name: z.string() });
const MEAN = z.object({
  value: z.union([z.string(), z.number()]),
  sum: z.number(),
  count: z.number(),
});

/** What a run is looked at first: a metric by a parameter. */
export interface ChartAxes {
  readonly parameter: string;
  readonly metric: string;
}

/**
 * Chooses what to show of a run: the first metric that is a number and differs among the points,
 * against the first parameter with several numbers, or else with several values, but not too many
 * for a place each. Null where there is none, as in a sweep without metrics. Only points that
 * succeeded count.
 */
export function chooseAxes(database: DatabaseSync): ChartAxes | null {
  const axes = findAxes(database);
  return axes === null ? null : { parameter: axes.parameter.name, metric: axes.metric };
}

/** The chart that `chooseAxes` chooses; null where it chooses none, or fewer than two means. */
export function chooseChart(database: DatabaseSync): Chart | null {
  const axes = findAxes(database);
  return axes === null ? null : means(database, axes.parameter, axes.metric);
}

function findAxes(
  database: DatabaseSync,
): { readonly parameter: z.infer<typeof PARAMETER>; readonly metric: string } | null {
  const metric = database
    .prepare(
      `SELECT y.key AS name FROM points, json_each(points.metrics) AS y
       WHERE status = 'succeeded' AND y.type <> 'null' GROUP BY y.key
       HAVING min(y.type IN ('integer', 'real')) AND min(y.value) < max(y.value)
       -- One that repeats a parameter tells nothing new.
       ORDER BY y.key IN (SELECT x.key FROM points, json_each(points.parameters) AS x),
         min(idx), min(y.id) LIMIT 1`,
    )
    .get();
  const parameter = database
    .prepare(
      `SELECT x.key AS name, min(x.type IN ('integer', 'real')) AS numeric,
         count(DISTINCT x.value) AS several FROM points, json_each(points.parameters) AS x
       WHERE status = 'succeeded' GROUP BY x.key
       HAVING several > 1 AND (numeric OR several <= ${LABELS})
       ORDER BY numeric DESC, min(idx), min(x.id) LIMIT 1`,
    )
    .get();
  if (metric === undefined || parameter === undefined) return null;
  return { parameter: PARAMETER.parse(parameter), metric: METRIC.parse(metric).name };
}

function means(
  database: DatabaseSync,
  parameter: z.infer<typeof PARAMETER>,
  metric: string,
): Chart | null {
  // Numbers in their order, words in that of the sweep. A boolean's value is 0 or 1.
  const found = database
    .prepare(
      `SELECT iif(x.type IN ('true', 'false'), x.type, x.value) AS value,
         sum(y.value) AS sum, count(*) AS count
       FROM points, json_each(points.parameters) AS x, json_each(points.metrics) AS y
       WHERE status = 'succeeded' AND x.key = ? AND y.key = ? AND y.type <> 'null'
       GROUP BY 1 ORDER BY ${parameter.numeric === 1 ? "x.value" : "min(idx)"}`,
    )
    .all(parameter.name, metric)
    .map((row) => MEAN.parse(row));
  // Neighbours of a parameter with many values share a place.
  const size = Math.max(1, Math.ceil(found.length / LABELS));
  const groups = Array.from({ length: Math.ceil(found.length / size) }, (_, i) =>
    found.slice(i * size, (i + 1) * size),
  );
  if (groups.length < 2) return null;
  const counts = groups.map((group) => group.reduce((sum, { count }) => sum + count, 0));
  return {
    parameter: parameter.name,
    metric,
    means: groups.map((group, i) => ({
      label: String(group[0]?.value),
      mean: group.reduce((sum, one) => sum + one.sum, 0) / (counts[i] ?? 1),
    })),
    points: { least: Math.min(...counts), most: Math.max(...counts) },
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
