import fc from "fast-check";
import { expect, test } from "vitest";
import { cutByWeight, cutEvenly } from "../../src/plan/balance.ts";

const heaviest = (weights: readonly number[], cuts: readonly number[]) =>
  Math.max(
    ...cuts.slice(1).map((to, i) => weights.slice(cuts[i], to).reduce((sum, one) => sum + one, 0)),
  );

/** The lightest heaviest row, by trying every way. */
function best(weights: readonly number[], parts: number): number {
  if (parts === 1) return weights.reduce((sum, one) => sum + one, 0);
  let found = Number.POSITIVE_INFINITY;
  for (let first = 1; first <= weights.length - parts + 1; first++) {
    const own = weights.slice(0, first).reduce((sum, one) => sum + one, 0);
    found = Math.min(found, Math.max(own, best(weights.slice(first), parts - 1)));
  }
  return found;
}

const cutting = fc
  .array(fc.oneof(fc.nat(20), fc.double({ min: 0, max: 1e6, noNaN: true })), {
    minLength: 1,
    maxLength: 9,
  })
  .chain((weights) =>
    fc.record({
      weights: fc.constant(weights),
      parts: fc.integer({ min: 1, max: weights.length }),
    }),
  );

test("rows by weight: contiguous, none empty, the heaviest as light as can be", () => {
  fc.assert(
    fc.property(cutting, ({ weights, parts }) => {
      const cuts = cutByWeight(weights, parts);
      expect(cuts).toHaveLength(parts + 1);
      expect([cuts[0], cuts.at(-1)]).toEqual([0, weights.length]);
      expect(cuts.slice(1).every((to, i) => to > (cuts[i] ?? to))).toBe(true);
      const least = best(weights, parts);
      expect(heaviest(weights, cuts)).toBeLessThanOrEqual(least * (1 + 1e-12));
    }),
  );
});

test("rows by count: lengths differ by one at most", () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 256 }), (count, parts) => {
      const cuts = cutEvenly(count, parts);
      const lengths = cuts.slice(1).map((to, i) => to - (cuts[i] ?? 0));
      expect([cuts[0], cuts.at(-1), lengths.length]).toEqual([0, count, parts]);
      expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
    }),
  );
});

test("fewer weights than rows is a mistake of the caller", () => {
  expect(() => cutByWeight([1], 2)).toThrow(RangeError);
});
