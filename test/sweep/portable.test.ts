import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exp, ln, scale, split } from "../../src/sweep/portable.ts";

const bits = (x: number) => new BigInt64Array(new Float64Array([x]).buffer)[0] ?? 0n;
const distance = (a: number, b: number) => Math.abs(Number(bits(a) - bits(b)));

describe("portable logarithm and exponential", () => {
  it("agree with Math.log to 2 units in the last place", () => {
    const x = fc.double({
      min: 5e-324,
      max: Number.MAX_VALUE,
      noNaN: true,
      noDefaultInfinity: true,
    });
    fc.assert(
      fc.property(x, (x) => {
        expect(distance(ln(x), Math.log(x))).toBeLessThanOrEqual(2);
      }),
      { numRuns: 2000, examples: [[1], [Math.SQRT2], [Math.SQRT1_2], [1 + Number.EPSILON]] },
    );
  });

  it("agree with Math.exp to 2 units in the last place", () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 709, noNaN: true }), (x) => {
        expect(distance(exp(x), Math.exp(x))).toBeLessThanOrEqual(2);
      }),
      { numRuns: 2000, examples: [[0], [1], [-1]] },
    );
  });

  it("keep to the ends of what numbers can hold", () => {
    expect([exp(-800), exp(-745), exp(709), exp(800)]).toEqual([
      0,
      5e-324,
      Math.exp(709),
      Number.POSITIVE_INFINITY,
    ]);
    expect(ln(5e-324)).toBe(Math.log(5e-324));
  });

  it("take a number apart and put it together again", () => {
    const x = fc.double({
      min: 5e-324,
      max: Number.MAX_VALUE,
      noNaN: true,
      noDefaultInfinity: true,
    });
    fc.assert(
      fc.property(x, (x) => {
        const { mantissa, exponent } = split(x);
        expect(mantissa).toBeGreaterThanOrEqual(Math.SQRT1_2);
        expect(mantissa).toBeLessThan(Math.SQRT2);
        expect(scale(mantissa, exponent)).toBe(x);
      }),
      { examples: [[5e-324], [1], [Number.MAX_VALUE]] },
    );
  });
});
