import type { ColumnData, RunDocument, TableData } from "../document.ts";
import { distinct, isNumeric } from "./values.ts";

/** What can be drawn of a table. */
export interface Drawable {
  /** Parameters with several values, in the sweep's order. */
  readonly parameters: readonly ColumnData[];
  /** Numbers that differ among the points: metrics, then what the run measured itself. */
  readonly metrics: readonly ColumnData[];
}

export const KINDS = ["line", "heat", "parallel"] as const;
export type Kind = (typeof KINDS)[number];

const MEASURED = new Set(["seconds", "cpu_seconds", "peak_memory"]);

export function drawable({ columns }: TableData): Drawable {
  const own = new Set(columns.filter(({ group }) => group === "parameter").map(({ name }) => name));
  const metrics = columns
    .filter((column) => column.group === "metric" && differs(column))
    // One that repeats a parameter tells nothing new.
    .sort((a, b) => Number(own.has(a.name)) - Number(own.has(b.name)));
  const measured = columns.filter(({ heading }) => MEASURED.has(heading)).filter(differs);
  return {
    parameters: columns.filter(
      (column) => column.group === "parameter" && new Set(column.values).size > 1,
    ),
    metrics: [...metrics, ...measured],
  };
}

function differs(column: ColumnData): boolean {
  if (!isNumeric(column)) return false;
  const first = column.values.find((value) => value !== null);
  return column.values.some((value) => value !== null && value !== first);
}

/** Repeats of the same experiment: their values are no scale that a metric could follow. */
export function isRepeat({ name }: ColumnData): boolean {
  return /^(?:.*[-_.])?(?:seed|rep|repeat|repetition|replicate|replication|trial)s?$/i.test(name);
}

export interface Choice {
  readonly kind: Kind;
  readonly metric: ColumnData;
  readonly x: ColumnData;
  /** Null where there is no second parameter. */
  readonly y: ColumnData | null;
  readonly series: ColumnData | null;
}

/** Series that can be told apart by colour and shape. */
export const SERIES = 6;
/** Cells of a heat map along one axis. */
export const CELLS = 60;

/**
 * What is drawn first: the metric and parameter that the job's summary shows too; a heat map where
 * two parameters besides repeats have several values each, parallel coordinates for more.
 */
export function choose(
  { parameters, metrics }: Drawable,
  axes: RunDocument["axes"],
): Choice | null {
  const metric = metrics.find(({ heading }) => heading === axes?.metric) ?? metrics[0];
  const x = parameters.find(({ heading }) => heading === axes?.parameter) ?? parameters[0];
  if (metric === undefined || x === undefined) return null;
  const others = parameters.filter((column) => column !== x && !isRepeat(column));
  const y = others[0] ?? null;
  const few = others.find((column) => distinct(column).length <= SERIES) ?? null;
  const fits = y !== null && [x, y].every((column) => distinct(column).length <= CELLS);
  const kind =
    isRepeat(x) || y === null ? "line" : others.length > 1 ? "parallel" : fits ? "heat" : "line";
  return {
    kind,
    metric,
    x,
    y: y ?? parameters.find((column) => column !== x) ?? null,
    series: few,
  };
}

/** True for positive numbers of which a linear scale would push most into a corner. */
export function spansDecades(column: ColumnData): boolean {
  const values = distinct(column).filter((value) => typeof value === "number");
  const [least = 0] = values;
  const most = values.at(-1) ?? 0;
  const middle = values[Math.floor((values.length - 1) / 2)] ?? 0;
  return (
    values.length > 2 && least > 0 && most / least >= 50 && middle < least + (most - least) / 5
  );
}
