import type { Distribution } from "./distribution.ts";
import type { Dimension, Value } from "./sweep.ts";

/** One parameter's values, or one table's rows, by position; what can be computed is not held. */
export interface Axis extends Dimension {
  /** What `combine` and messages call it: the parameter's or the table's own name. */
  readonly label: string;
  /** The positions at which `names[column]` has this value (typed equality), ascending. */
  find(value: Value, column: number): readonly number[];
  /** Where equal values may stand at several positions (draws), else null. */
  readonly repeats: Repeats | null;
}

/** How equal values repeat along an axis. */
export interface Repeats {
  /** How many positions hold the value that stands at this one, itself counted. */
  size(position: number): number;
  /** How many earlier positions hold the value that stands at this one. */
  rank(position: number): number;
}

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

const soon = (): never => {
  throw new Error("not there yet");
};

/** Whether a text reads as an OpenJD integer range expression, right or wrong in its details. */
export function isRangeExpression(text: string): boolean {
  return /^\s*-?\d+\s*-/.test(text);
}

/** Listed values. Throws AxisError (at: position) on an empty list and on a value twice. */
export function listAxis(_name: string, _values: readonly Value[]): Axis {
  return soon();
}

/** An OpenJD integer range expression, as "1-100:2,200". Throws AxisError (at: offset). */
export function rangeAxis(_name: string, _expression: string): Axis {
  return soon();
}

/** `count` values from start to stop at equal distances, both included. Throws AxisError. */
export function linspaceAxis(_name: string, _start: number, _stop: number, _count: number): Axis {
  return soon();
}

/** `count` values from start to stop (both above 0) at equal ratios. Throws AxisError. */
export function logspaceAxis(_name: string, _start: number, _stop: number, _count: number): Axis {
  return soon();
}

/** `samples` draws from a distribution. Throws AxisError (field). */
export function sampleAxis(
  _name: string,
  _distribution: Distribution,
  _samples: number,
  _randomSeed: number | string,
): Axis {
  return soon();
}

/** A table: one position a row. Throws AxisError (at: row) on no rows and on equal rows. */
export function tableAxis(
  _label: string,
  _columns: readonly string[],
  _rows: readonly (readonly Value[])[],
): Axis {
  return soon();
}
