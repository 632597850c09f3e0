import { type Distribution, draws } from "./distribution.ts";
import { parseRange } from "./range.ts";
import { AxisError, type Repeats, type Sequence, show } from "./sequence.ts";
import { linspace, logspace } from "./spacing.ts";
import type { Dimension, Value } from "./sweep.ts";

export { isRangeExpression } from "./range.ts";
export { AxisError } from "./sequence.ts";

/** One parameter's values, or one table's rows, by position; what can be computed is not held. */
export interface Axis extends Dimension {
  /** What `combine` and messages call it: the parameter's or the table's own name. */
  readonly label: string;
  /** The positions at which `names[column]` has this value (typed equality), ascending. */
  find(value: Value, column: number): readonly number[];
  /** Whether equal values may stand at several positions: those of a random draw. */
  readonly drawn: boolean;
  /** How they do; null where they do not. Looked at first, not before, it compares all values. */
  readonly repeats: Repeats | null;
}

/** Listed values. Throws AxisError (at: position) on an empty list and on a value twice. */
export function listAxis(name: string, values: readonly Value[]): Axis {
  if (values.length === 0) {
    throw new AxisError(`${name} has no values`, { hint: "write at least one value" });
  }
  const positions = new Map<Value, number>();
  for (const [at, value] of values.entries()) {
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new AxisError(`${name} has the value ${value}, which no simulation can be given`, {
        at,
      });
    }
    const first = positions.get(value);
    if (first !== undefined) {
      throw new AxisError(`${name} has ${show(value)} twice, as value ${first + 1} and ${at + 1}`, {
        at,
        hint: "each point would run twice; for repeated runs add a parameter such as a seed",
      });
    }
    positions.set(value, at);
  }
  return parameter(name, {
    length: values.length,
    value: (position) => values[position] ?? Number.NaN,
    find: (value) => {
      const position = positions.get(value);
      return position === undefined ? [] : [position];
    },
    repeats: null,
  });
}

/** An OpenJD integer range expression, as "1-100:2,200". Throws AxisError (at: offset). */
export function rangeAxis(name: string, expression: string): Axis {
  return parameter(name, parseRange(expression));
}

/** `count` values from start to stop at equal distances, both included. Throws AxisError (at: 0 start, 1 stop, 2 count). */
export function linspaceAxis(name: string, start: number, stop: number, count: number): Axis {
  return parameter(name, linspace(start, stop, count));
}

/** `count` values from start to stop (both above 0) at equal ratios. Throws AxisError (at: 0 start, 1 stop, 2 count). */
export function logspaceAxis(name: string, start: number, stop: number, count: number): Axis {
  return parameter(name, logspace(start, stop, count));
}

/** `samples` draws from a distribution. Throws AxisError (field; at: in that field's list). */
export function sampleAxis(
  name: string,
  distribution: Distribution,
  samples: number,
  randomSeed: number | string,
): Axis {
  return parameter(name, draws(name, distribution, samples, randomSeed), true);
}

/**
 * A table: one position a row, one parameter a column. Every row has a value for every column.
 * Throws AxisError (at: row, from 0) on no rows and on equal rows.
 */
export function tableAxis(
  label: string,
  columns: readonly string[],
  rows: readonly (readonly Value[])[],
): Axis {
  if (columns.length === 0 || rows.length === 0) {
    throw new AxisError(`table ${label} has no ${columns.length === 0 ? "columns" : "rows"}`);
  }
  const seen = new Map<string, number>();
  for (const [at, row] of rows.entries()) {
    const key = JSON.stringify(row);
    const first = seen.get(key);
    if (first !== undefined) {
      throw new AxisError(`rows ${first + 1} and ${at + 1} of table ${label} are equal`, {
        at,
        hint: "remove one of them",
      });
    }
    seen.set(key, at);
  }
  seen.clear();
  const indices: (Map<Value, number[]> | undefined)[] = [];
  const indexOf = (column: number): Map<Value, number[]> => {
    const index =
      indices[column] ?? Map.groupBy(rows.keys(), (at) => rows[at]?.[column] ?? Number.NaN);
    indices[column] = index;
    return index;
  };
  return {
    label,
    names: columns,
    length: rows.length,
    drawn: false,
    value: (position, column) => rows[position]?.[column] ?? Number.NaN,
    find: (value, column) => indexOf(column).get(value) ?? [],
    repeats: null,
  };
}

function parameter(name: string, sequence: Sequence, drawn = false): Axis {
  return {
    label: name,
    names: [name],
    length: sequence.length,
    drawn,
    value: (position) => sequence.value(position),
    find: (value) => sequence.find(value),
    get repeats() {
      return sequence.repeats;
    },
  };
}
