/** The least, the middle and the greatest of some values. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @throws RangeError for no values. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined || lower === undefined || upper === undefined) {
    throw new RangeError("nothing was measured");
  }
  return { min, median: (lower + upper) / 2, max };
}
