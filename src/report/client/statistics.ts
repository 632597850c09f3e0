import type { Cell, ColumnData } from "../document.ts";

type Value = Exclude<Cell, null>;

/** What the points of one group say of a metric. */
export interface Spread {
  readonly x: Value;
  readonly series: Value | null;
  readonly count: number;
  readonly mean: number;
  /** A quarter of the values is below `low`, a quarter above `high`. */
  readonly low: number;
  readonly high: number;
}

/** The spread of a metric by a parameter, for each value of another where one is given. */
export function spreads(
  rows: readonly number[],
  x: ColumnData,
  metric: ColumnData,
  series: ColumnData | null,
): Spread[] {
  const groups = new Map<string, { x: Value; series: Value | null; values: number[] }>();
  for (const row of rows) {
    const at = x.values[row] ?? null;
    const value = metric.values[row];
    if (at === null || typeof value !== "number") continue;
    const one = series?.values[row] ?? null;
    const key = JSON.stringify([at, one]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { x: at, series: one, values: [value] });
    else group.values.push(value);
  }
  return [...groups.values()].map(({ x, series, values }) => {
    const ascending = values.toSorted((a, b) => a - b);
    return {
      x,
      series,
      count: values.length,
      mean: values.reduce((sum, value) => sum + value, 0) / values.length,
      low: quantile(ascending, 0.25),
      high: quantile(ascending, 0.75),
    };
  });
}

/** By linear interpolation, of values in ascending order: type 7 of Hyndman and Fan. */
export function quantile(ascending: readonly number[], part: number): number {
  const at = (ascending.length - 1) * part;
  const below = ascending[Math.floor(at)] ?? Number.NaN;
  const above = ascending[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** At most so many items, evenly among all. */
export function sample<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  const step = items.length / most;
  return Array.from({ length: most }, (_, i) => items[Math.floor(i * step)]).filter(
    (item) => item !== undefined,
  );
}
