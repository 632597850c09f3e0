import type { Axis } from "./axis.ts";
import type { Combination } from "./combination.ts";
import { MAX_DRAWS, type Repeats, repeatsOf } from "./sequence.ts";
import { SpaceError } from "./space-error.ts";
import type { Value } from "./sweep.ts";

/**
 * The independent dimensions of a space, the slowest first: the axes as they stand, or as a
 * combination expression puts them together. Throws SpaceError.
 */
export function dimensionsOf(axes: readonly Axis[], combination: Combination | null): Axis[] {
  if (combination === null) return [...axes];
  const left = new Map(axes.map((axis) => [axis.label, axis]));
  const build = (node: Combination): Axis => {
    if (node.kind === "name") {
      const axis = left.get(node.name);
      if (axis === undefined) throw unusable(node.name, node.offset, axes);
      left.delete(node.name);
      return axis;
    }
    const operands = node.operands.map(build);
    return node.kind === "product" ? product(operands) : zip(operands, node.offset);
  };
  // A product in parentheses on its own multiplies like one without.
  const factors = (node: Combination): Combination[] =>
    node.kind === "product" ? node.operands.flatMap(factors) : [node];
  const dimensions = factors(combination).map(build);
  if (left.size > 0) {
    const names = [...left.keys()].join(", ");
    throw new SpaceError(
      `combine leaves out ${names}`,
      { part: "combine", offset: combination.offset },
      `every parameter stands in combine exactly once: add * ${[...left.keys()].join(" * ")}`,
    );
  }
  return dimensions;
}

function unusable(name: string, offset: number, axes: readonly Axis[]): SpaceError {
  const place = { part: "combine", offset } as const;
  if (axes.some((axis) => axis.label === name)) {
    return new SpaceError(
      `combine has ${name} twice`,
      place,
      "every parameter stands in combine exactly once",
    );
  }
  const table = axes.find((axis) => axis.names.includes(name));
  return table === undefined
    ? new SpaceError(
        `combine names ${name}, which is no parameter`,
        place,
        `the parameters are ${axes.map((axis) => axis.label).join(", ")}`,
      )
    : new SpaceError(
        `combine names ${name}, a column of the table ${table.label}`,
        place,
        `name the table: ${table.label}`,
      );
}

/** Every combination of the operands' positions as one axis, the first operand slowest. */
function product(operands: readonly Axis[]): Axis {
  let length = 1;
  const strides = new Map<Axis, number>();
  for (const axis of operands.toReversed()) {
    strides.set(axis, length);
    length *= axis.length;
  }
  checkCount(length);
  const inner = (axis: Axis, position: number) =>
    Math.floor(position / (strides.get(axis) ?? 1)) % axis.length;
  const columns = columnsOf(operands);
  const repeating = operands.some((axis) => axis.repeats !== null);
  return {
    label: operands.map((axis) => axis.label).join(" * "),
    names: operands.flatMap((axis) => axis.names),
    length,
    value: (position, column) => columns.value(column, (axis) => inner(axis, position)),
    find: (value, column) => {
      const [axis, own] = columns.at(column);
      const stride = strides.get(axis) ?? 1;
      const found: number[] = [];
      const wanted = axis.find(value, own);
      for (let start = 0; start < length; start += stride * axis.length) {
        for (const position of wanted) {
          for (let step = 0; step < stride; step++) found.push(start + position * stride + step);
        }
      }
      return found;
    },
    repeats: repeating
      ? {
          kind: (position) =>
            operands.reduce((kind, axis) => {
              const at = inner(axis, position);
              return kind * axis.length + (axis.repeats?.kind(at) ?? at);
            }, 0),
          size: (position) =>
            operands.reduce(
              (size, axis) => size * (axis.repeats?.size(inner(axis, position)) ?? 1),
              1,
            ),
          rank: (position) =>
            operands.reduce((rank, axis) => {
              const at = inner(axis, position);
              return rank * (axis.repeats?.size(at) ?? 1) + (axis.repeats?.rank(at) ?? 0);
            }, 0),
        }
      : null,
  };
}

/** The operands side by side as one axis. */
function zip(operands: readonly Axis[], offset: number): Axis {
  const length = operands[0]?.length ?? 0;
  if (operands.some((axis) => axis.length !== length)) {
    const [first, ...rest] = operands.map((axis) => `${axis.label} ${axis.length}`);
    const lengths = [first?.replace(/ (\d+)$/, " has $1 values"), ...rest].join(", ");
    throw new SpaceError(
      `only lists of one length go side by side: ${lengths}`,
      { part: "combine", offset },
      "make them equally long, or multiply them with *",
    );
  }
  const columns = columnsOf(operands);
  // One operand without repetition tells all positions apart.
  const repeating = operands.every((axis) => axis.repeats !== null);
  if (repeating && length > MAX_DRAWS) {
    throw new SpaceError(
      `parameters with draws side by side have more than ${MAX_DRAWS} values`,
      { part: "combine", offset },
      "draw fewer samples",
    );
  }
  let repeats: Repeats | null | undefined = repeating ? undefined : null;
  return {
    label: `(${operands.map((axis) => axis.label).join(", ")})`,
    names: operands.flatMap((axis) => axis.names),
    length,
    value: (position, column) => columns.value(column, () => position),
    find: (value, column) => {
      const [axis, own] = columns.at(column);
      return axis.find(value, own);
    },
    get repeats() {
      if (repeats === undefined) repeats = repeatsOf(tupleKinds(operands, length));
      return repeats;
    },
  };
}

/** One number for each position, equal where all operands hold equal values. */
function tupleKinds(operands: readonly Axis[], length: number): Float64Array {
  let kinds = new Float64Array(length);
  for (const axis of operands) {
    // Numbered anew for each operand, so that a pair always fits into one exact number.
    const pairs = new Map<number, number>();
    kinds = kinds.map((kind, position) => {
      const pair = kind * length + (axis.repeats?.kind(position) ?? position);
      const known = pairs.get(pair) ?? pairs.size;
      pairs.set(pair, known);
      return known;
    });
  }
  return kinds;
}

/** Which operand and which of its columns a column of the whole is. */
function columnsOf(operands: readonly Axis[]) {
  const columns = operands.flatMap((axis) => axis.names.map((_, own) => [axis, own] as const));
  const at = (column: number): readonly [Axis, number] => {
    const found = columns[column];
    if (found === undefined) throw new RangeError(`no column ${column}`);
    return found;
  };
  return {
    at,
    value: (column: number, position: (axis: Axis) => number): Value => {
      const [axis, own] = at(column);
      return axis.value(position(axis), own);
    },
  };
}

/** How many points there are in all. Throws SpaceError beyond 2^53. */
export function countOf(dimensions: readonly Axis[]): number {
  const count = dimensions.reduce((product, axis) => product * axis.length, 1);
  checkCount(count);
  return count;
}

function checkCount(count: number): void {
  if (count > Number.MAX_SAFE_INTEGER) {
    throw new SpaceError(
      `the parameters multiply to about ${count.toPrecision(2)} points, more than can be counted`,
      null,
      "combine them side by side, or give fewer values",
    );
  }
}
