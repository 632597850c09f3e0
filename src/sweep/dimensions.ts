import type { Axis } from "./axis.ts";
import type { Combination } from "./combination.ts";
import { MAX_POSITIONS, type Repeats, repeatsOf } from "./sequence.ts";
import { SpaceError } from "./space-error.ts";

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
  const length = countOf(operands);
  const strides = new Map<Axis, number>();
  let stride = length;
  for (const axis of operands) {
    stride /= axis.length;
    strides.set(axis, stride);
  }
  const strideOf = (axis: Axis) => strides.get(axis) ?? 1;
  return together({
    label: operands.map((axis) => axis.label).join(" * "),
    operands,
    length,
    inner: (axis, position) => Math.floor(position / strideOf(axis)) % axis.length,
    outer: (axis, positions) => {
      const stride = strideOf(axis);
      if (positions.length * (length / axis.length) > MAX_POSITIONS) {
        throw new SpaceError(
          `an entry of exclude or include fits more than ${MAX_POSITIONS} values of ${axis.label} side by side with others`,
          null,
          "give fewer values, or multiply them with *",
        );
      }
      const found: number[] = [];
      for (let start = 0; start < length; start += stride * axis.length) {
        for (const position of positions) {
          for (let step = 0; step < stride; step++) found.push(start + position * stride + step);
        }
      }
      return found;
    },
    drawn: operands.some((axis) => axis.drawn),
  });
}

/** The operands side by side as one axis. */
function zip(operands: readonly Axis[], offset: number): Axis {
  const [first, ...rest] = operands;
  const length = first?.length ?? 0;
  if (rest.some((axis) => axis.length !== length)) {
    const others = rest.map((axis) => `${axis.label} ${axis.length}`).join(", ");
    throw new SpaceError(
      `only lists of one length go side by side: ${first?.label} has ${length} values, ${others}`,
      { part: "combine", offset },
      "make them equally long, or multiply them with *",
    );
  }
  // One operand without repetition tells all positions apart.
  const drawn = operands.every((axis) => axis.drawn);
  if (length > MAX_POSITIONS && drawn) {
    throw new SpaceError(
      `parameters with draws side by side have more than ${MAX_POSITIONS} values`,
      { part: "combine", offset },
      "draw fewer samples",
    );
  }
  return together({
    label: `(${operands.map((axis) => axis.label).join(", ")})`,
    operands,
    length,
    inner: (_, position) => position,
    outer: (_, positions) => positions,
    drawn,
  });
}

interface Together {
  readonly label: string;
  readonly operands: readonly Axis[];
  readonly length: number;
  /** The operand's position at a position of the whole. */
  inner(axis: Axis, position: number): number;
  /** The positions of the whole at which the operand has one of these, ascending. */
  outer(axis: Axis, positions: readonly number[]): readonly number[];
  readonly drawn: boolean;
}

function together({ label, operands, length, inner, outer, drawn }: Together): Axis {
  const columns = operands.flatMap((axis) => axis.names.map((_, own) => [axis, own] as const));
  const columnAt = (column: number): readonly [Axis, number] => {
    const found = columns[column];
    if (found === undefined) throw new RangeError(`${label} has no column ${column}`);
    return found;
  };
  let repeats: Repeats | null | undefined;
  return {
    label,
    names: operands.flatMap((axis) => axis.names),
    length,
    drawn,
    value: (position, column) => {
      const [axis, own] = columnAt(column);
      return axis.value(inner(axis, position), own);
    },
    find: (value, column) => {
      const [axis, own] = columnAt(column);
      return outer(axis, axis.find(value, own));
    },
    get repeats() {
      if (repeats === undefined) {
        repeats = drawn ? repeatsOf(tupleKinds(operands, length, inner)) : null;
      }
      return repeats;
    },
  };
}

/** One number for each position, equal where all operands hold equal values. */
function tupleKinds(
  operands: readonly Axis[],
  length: number,
  inner: Together["inner"],
): Float64Array {
  let kinds = new Float64Array(length);
  for (const axis of operands) {
    // Numbered anew for each operand, so that a pair always fits into one exact number.
    const pairs = new Map<number, number>();
    kinds = kinds.map((kind, position) => {
      const own = inner(axis, position);
      const pair = kind * axis.length + (axis.repeats?.kind(own) ?? own);
      const known = pairs.get(pair) ?? pairs.size;
      pairs.set(pair, known);
      return known;
    });
  }
  return kinds;
}

/** How many points the dimensions' product has. Throws SpaceError beyond 2^53. */
export function countOf(dimensions: readonly Axis[]): number {
  const count = dimensions.reduce((product, axis) => product * axis.length, 1);
  if (count <= Number.MAX_SAFE_INTEGER) return count;
  throw new SpaceError(
    `the parameters multiply to about ${count.toPrecision(2)} points, more than can be counted`,
    null,
    "combine them side by side, or give fewer values",
  );
}
