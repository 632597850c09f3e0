import { parseRange } from "../sweep/range.ts";

/** A set of point indices. */
export interface Indices {
  readonly count: number;
  has(index: number): boolean;
}

/** Ascending indices as an integer range expression, as `0-71,73`; empty for none. */
export function formatIndices(ascending: Iterable<number>): string {
  const runs: string[] = [];
  let first = -1;
  let last = -1;
  const close = () => {
    if (first >= 0) runs.push(first === last ? String(first) : `${first}-${last}`);
  };
  for (const index of ascending) {
    if (index !== last + 1 || first < 0) {
      close();
      first = index;
    }
    last = index;
  }
  close();
  return runs.join(",");
}

/**
 * Reads what `formatIndices` wrote, without holding each index.
 *
 * @throws AxisError for what is no range expression; RangeError for an index that is not in 0 to
 *   `below` (exclusive).
 */
export function parseIndices(text: string, below: number): Indices {
  if (text === "") return { count: 0, has: () => false };
  const { length, value, find } = parseRange(text);
  if (Number(value(0)) < 0 || Number(value(length - 1)) >= below) {
    throw new RangeError(`${text} leaves 0-${below - 1}`);
  }
  return { count: length, has: (index) => find(index).length > 0 };
}
