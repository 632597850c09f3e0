import type { Value } from "./sweep.ts";

/** One parameter's values by position, from 0; what can be computed is not held. */
export interface Sequence {
  readonly length: number;
  value(position: number): Value;
  /** The positions that hold this value (typed equality), ascending. */
  find(value: Value): readonly number[];
  /** Where equal values may stand at several positions (draws), else null. */
  readonly repeats: Repeats | null;
}

/** How equal values repeat along a sequence or an axis. */
export interface Repeats {
  /** A number below the length that equal values share and others do not. */
  kind(position: number): number;
  /** How many positions hold the value that stands at this one, itself counted. */
  size(position: number): number;
  /** How many earlier positions hold the value that stands at this one. */
  rank(position: number): number;
}

/** The most positions of one axis that are held in memory: draws, and what exclude matches. */
export const MAX_POSITIONS = 2 ** 24;

/**
 * A parameter's values that cannot be: an empty list, a value twice, a wrong range. The file side
 * adds the place in the file.
 */
export class AxisError extends Error {
  override readonly name = "AxisError";
  /** Offset in a range expression, position in a list, or row of a table, from 0; else null. */
  readonly at: number | null;
  /** The field of a distribution, or null. */
  readonly field: string | null;
  /** What was expected or what to write instead. */
  readonly hint: string | null;

  constructor(
    message: string,
    place: { at?: number | null; field?: string | null; hint?: string | null } = {},
  ) {
    super(message);
    this.at = place.at ?? null;
    this.field = place.field ?? null;
    this.hint = place.hint ?? null;
  }
}

/** How the values with these codes repeat; null where all differ. At most 2^32 codes. */
export function repeatsOf(codes: Float64Array): Repeats | null {
  const sorted = codes.toSorted();
  if (!sorted.some((code, index) => index > 0 && code === sorted[index - 1])) return null;
  // A value's kind is where it first stands in sorted order; -0 and 0 are one value.
  const kinds = new Uint32Array(codes.length);
  const ranks = new Uint32Array(codes.length);
  const sizes = new Uint32Array(codes.length);
  codes.forEach((code, position) => {
    const kind = lowerBound(sorted, code);
    kinds[position] = kind;
    ranks[position] = sizes[kind] ?? 0;
    sizes[kind] = (sizes[kind] ?? 0) + 1;
  });
  return {
    kind: (position) => kinds[position] ?? 0,
    size: (position) => sizes[kinds[position] ?? 0] ?? 1,
    rank: (position) => ranks[position] ?? 0,
  };
}

/** The first index whose number is not below `wanted`; the length where there is none. */
export function lowerBound(ascending: ArrayLike<number>, wanted: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((ascending[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A value as messages show it: a string in quotes, so that "1" and 1 differ. */
export function show(value: Value): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
