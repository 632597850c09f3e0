import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AxisError, type Sequence } from "../../src/sweep/sequence.ts";
import { linspace, logspace } from "../../src/sweep/spacing.ts";
import { failure } from "./failure.ts";

const valuesOf = ({ length, value }: Sequence) =>
  Array.from({ length }, (_, at) => Number(value(at)));

describe("linspace", () => {
  it.each<[number, number, number, number[]]>([
    [0, 1, 3, [0, 0.5, 1]],
    [0, 1, 11, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]],
    [1, 0, 3, [1, 0.5, 0]],
    [-1, 1, 3, [-1, 0, 1]],
    [0.1, 0.3, 2, [0.1, 0.3]],
    [5, 9, 1, [5]],
    [5, 5, 1, [5]],
  ])("from %d to %d in %i values is %j", (start, stop, count, values) => {
    expect(valuesOf(linspace(start, stop, count))).toEqual(values);
  });

  it.each<[string, number, number, number, number | null]>([
    ["gives 2 times the same value, 1", 1, 1, 2, 2],
    ["needs a whole number of values, at least 1, not 0", 0, 1, 0, 2],
    ["needs a whole number of values, at least 1, not 2.5", 0, 1, 2.5, 2],
    ["needs a whole number of values, at least 1, not NaN", 0, 1, Number.NaN, 2],
    ["cannot reach Infinity", 0, Number.POSITIVE_INFINITY, 2, 1],
    ["cannot reach NaN", Number.NaN, 1, 2, 0],
    ["cannot tell 1000000 values apart", 1, 1 + 1e-12, 1_000_000, 2],
    ["cannot compute 5 values of this size", -1e308, 1e308, 5, null],
  ])("%s", (message, start, stop, count, at) => {
    const error = failure(AxisError, () => linspace(start, stop, count));
    expect(error.message).toContain(message);
    expect(error.at).toBe(at);
  });

  it("has its exact ends, ascends or descends strictly, and finds each value", () => {
    const end = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(end, end, fc.integer({ min: 2, max: 200 }), (start, stop, count) => {
        fc.pre(Math.abs(stop - start) > 1e-3);
        const sequence = linspace(start, stop, count);
        const values = valuesOf(sequence);
        expect(values.at(0)).toBe(start);
        expect(values.at(-1)).toBe(stop);
        const up = start < stop;
        for (const [at, value] of values.entries()) {
          const before = values[at - 1];
          if (before !== undefined) expect(value > before).toBe(up);
          expect(sequence.find(value)).toEqual([at]);
        }
        expect(sequence.find(`${start}`)).toEqual([]);
        expect(sequence.find(stop + (stop - start))).toEqual([]);
      }),
    );
  });

  it("holds none of its values", () => {
    const sequence = linspace(0, 1e9, 1e9 + 1);
    expect(sequence.value(123_456_789)).toBe(123_456_789);
    expect(sequence.find(999_999_999)).toEqual([999_999_999]);
  });
});

describe("logspace", () => {
  it.each<[number, number, number, number[]]>([
    [1, 1000, 4, [1, 10, 100, 1000]],
    [1000, 1, 4, [1000, 100, 10, 1]],
    [1, 8, 4, [1, 2, 4, 8]],
    [0.001, 10, 5, [0.001, 0.01, 0.1, 1, 10]],
    [1e-300, 1e300, 7, [1e-300, 1e-200, 1e-100, 1, 1e100, 1e200, 1e300]],
    [1, 10, 3, [1, 3.16227766016838, 10]],
    [0.3, 7, 1, [0.3]],
    [0.1, 0.30000000000000004, 2, [0.1, 0.30000000000000004]],
  ])("from %d to %d in %i values is %j", (start, stop, count, values) => {
    expect(valuesOf(logspace(start, stop, count))).toEqual(values);
  });

  it.each<[string, number, number, number, number | null]>([
    ["needs values above 0, not 0", 0, 1, 3, 0],
    ["needs values above 0, not -1", 1, -1, 3, 1],
    ["gives 2 times the same value, 3", 3, 3, 2, 2],
    ["cannot tell 100 values apart", 1, 1 + 1e-13, 100, 2],
  ])("%s", (message, start, stop, count, at) => {
    const error = failure(AxisError, () => logspace(start, stop, count));
    expect(error.message).toContain(message);
    expect(error.at).toBe(at);
  });

  it("multiplies by one factor from value to value, and finds each value", () => {
    const end = fc.integer({ min: -280, max: 280 }).map((exponent) => 1.7 * 10 ** exponent);
    fc.assert(
      fc.property(end, end, fc.integer({ min: 2, max: 100 }), (start, stop, count) => {
        fc.pre(start !== stop);
        const sequence = logspace(start, stop, count);
        const values = valuesOf(sequence);
        expect(values.at(0)).toBe(start);
        expect(values.at(-1)).toBe(stop);
        const factor = (Math.log(stop) - Math.log(start)) / (count - 1);
        for (const [at, value] of values.entries()) {
          const before = values[at - 1];
          if (before !== undefined)
            expect(Math.log(value) - Math.log(before)).toBeCloseTo(factor, 9);
          expect(sequence.find(value)).toEqual([at]);
        }
      }),
    );
  });

  it("looks for anything without failing", () => {
    const sequence = logspace(1, 1000, 4);
    expect([0, -1, "10", true, Number.NaN, 11].flatMap((value) => sequence.find(value))).toEqual(
      [],
    );
  });
});
