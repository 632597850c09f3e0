import fc from "fast-check";
import { expect, it } from "vitest";
import { type Axis, listAxis, sampleAxis, tableAxis } from "../../src/sweep/axis.ts";
import { parseCombination } from "../../src/sweep/combination.ts";
import { space } from "../../src/sweep/space.ts";
import type { Parameters, Value } from "../../src/sweep/sweep.ts";

/** An expression with the axes that it names, and what it means, written out. */
interface Expression {
  readonly text: string;
  readonly axes: readonly Axis[];
  readonly points: readonly Parameters[];
}

const POOL: readonly Value[] = [1, "1", true, "true", 2, 0.5, "x", ""];

function pointsOf(axis: Axis): Parameters[] {
  return Array.from({ length: axis.length }, (_, position) =>
    Object.fromEntries(axis.names.map((name, column) => [name, axis.value(position, column)])),
  );
}

/** An axis of this length: a list, a table, or draws that repeat. */
function leaf(name: string, length: number): fc.Arbitrary<Expression> {
  const list = fc
    .shuffledSubarray([...POOL], { minLength: length, maxLength: length })
    .map((values) => listAxis(name, values));
  const table = fc
    .uniqueArray(fc.tuple(fc.constantFrom(...POOL), fc.constantFrom(0, 1, "0")), {
      minLength: length,
      maxLength: length,
      selector: (row) => JSON.stringify(row),
    })
    .map((rows) => tableAxis(name, [`${name}x`, `${name}y`], rows));
  const draw = fc
    .nat()
    .map((seed) =>
      sampleAxis(name, { distribution: "categorical", values: [1, "1"] }, length, seed),
    );
  return fc
    .oneof(list, table, draw)
    .map((axis) => ({ text: name, axes: [axis], points: pointsOf(axis) }));
}

function expression(name: string, length: number, depth: number): fc.Arbitrary<Expression> {
  const own = leaf(name, length);
  if (depth === 0) return own;
  const part = (at: number, size: number) => expression(`${name}${"abc"[at]}`, size, depth - 1);
  const zip = fc
    .integer({ min: 2, max: 3 })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, at) => part(at, length))))
    .map((operands) => ({
      text: `(${operands.map(({ text }) => text).join(", ")})`,
      axes: operands.flatMap(({ axes }) => axes),
      points: Array.from({ length }, (_, at) =>
        Object.assign({}, ...operands.map(({ points }) => points[at])),
      ),
    }));
  const divisors = [1, 2, 3, 4].filter((size) => length % size === 0);
  const product = fc
    .constantFrom(...divisors)
    .chain((size) => fc.tuple(part(0, size), part(1, length / size)))
    .map(([slow, fast]) => ({
      text: `(${slow.text} * ${fast.text})`,
      axes: [...slow.axes, ...fast.axes],
      points: slow.points.flatMap((a) => fast.points.map((b) => ({ ...a, ...b }))),
    }));
  return fc.oneof(own, zip, product);
}

/** GitHub's documented rules, word by word. */
function matrix(
  combinations: readonly Parameters[],
  exclude: readonly Parameters[],
  include: readonly Parameters[],
) {
  const originals = combinations.filter(
    (combination) =>
      !exclude.some((entry) =>
        Object.entries(entry).every(([key, value]) => combination[key] === value),
      ),
  );
  const results = originals.map((original) => ({ ...original }));
  const created: Parameters[] = [];
  for (const entry of include) {
    let added = false;
    for (const [at, original] of originals.entries()) {
      const overwrites = Object.entries(entry).some(
        ([key, value]) => Object.hasOwn(original, key) && original[key] !== value,
      );
      if (overwrites) continue;
      Object.assign(results[at] ?? {}, entry);
      added = true;
    }
    if (!added) created.push(entry);
  }
  return [...results, ...created];
}

const written = (point: Parameters) =>
  JSON.stringify(Object.entries(point).sort(([a], [b]) => (a < b ? -1 : 1)));

/** One to three expressions of different lengths, multiplied. */
const expressions = fc
  .array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 })
  .chain((lengths) =>
    fc.tuple(...lengths.map((length, at) => expression(`p${at}`, length, 1 + (at % 2)))),
  )
  .map(
    (factors): Expression => ({
      text: factors.map(({ text }) => text).join(" * "),
      axes: factors.flatMap(({ axes }) => axes),
      points: factors.reduce<readonly Parameters[]>(
        (points, factor) => points.flatMap((a) => factor.points.map((b) => ({ ...a, ...b }))),
        [{}],
      ),
    }),
  );

const sweeps = expressions.chain((expression) => {
  const names = expression.axes.flatMap((axis) => axis.names);
  const entry = (more: readonly string[]) =>
    fc
      .subarray([...names, ...more], {
        minLength: 1,
        maxLength: Math.min(3, names.length + more.length),
      })
      .chain((keys) =>
        fc.tuple(...keys.map((key) => fc.tuple(fc.constant(key), fc.constantFrom(...POOL)))),
      )
      .map((pairs): Parameters => Object.fromEntries(pairs));
  return fc.record({
    expression: fc.constant(expression),
    axes: fc.shuffledSubarray([...expression.axes], { minLength: expression.axes.length }),
    exclude: fc.array(entry([]), { maxLength: 6 }),
    include: fc.array(entry(["new", "newer"]), { maxLength: 4 }),
  });
});

it("a space holds what the rules give, by whatever way it is asked", () => {
  fc.assert(
    fc.property(
      sweeps,
      fc.nat(40),
      fc.nat(40),
      ({ expression, axes, exclude, include }, from, to) => {
        const wanted = matrix(expression.points, exclude, include);
        const make = () =>
          space({ axes, combination: parseCombination(expression.text), exclude, include });
        if (wanted.length === 0) {
          expect(make).toThrow("exclude leaves no point");
          return;
        }
        const made = make();
        expect(made.count).toBe(wanted.length);
        const points = [...made.points()];
        expect(points.map((point) => written(point.parameters))).toEqual(wanted.map(written));

        const seen = new Map<string, number>();
        for (const [index, point] of points.entries()) {
          expect(point.index).toBe(index);
          const key = written(point.parameters);
          expect(point.ordinal).toBe(seen.get(key) ?? 0);
          seen.set(key, point.ordinal + 1);
          const order = Object.keys(point.parameters).map((name) => made.names.indexOf(name));
          expect(order).toEqual(order.toSorted((a, b) => a - b));
        }

        expect([...made.points(from, to)]).toEqual(points.slice(from, Math.max(from, to)));

        const cursor = made.cursor(from, to);
        while (cursor.next()) {
          const point = points[cursor.index];
          const parameters: Parameters = point?.parameters ?? {};
          expect(cursor.ordinal).toBe(point?.ordinal);
          for (const name of [...made.names, "toString"]) {
            const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
            expect(cursor.value(name)).toBe(value);
          }
          if (!cursor.combined) continue;
          for (const [at, axis] of made.dimensions.entries()) {
            for (const [column, name] of axis.names.entries()) {
              expect(axis.value(cursor.positions[at] ?? -1, column)).toBe(parameters[name]);
            }
          }
        }

        for (const name of [...made.names, "absent"]) {
          const first = points.find((point) => !Object.hasOwn(point.parameters, name));
          expect(made.lacking(name)).toEqual(first ?? null);
        }
      },
    ),
    // Shrinking nested expressions takes longer than reading the first failure.
    { numRuns: 1500, endOnFailure: true },
  );
});
