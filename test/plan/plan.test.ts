import { describe, expect, it } from "vitest";
import { makePlan } from "../../src/plan/plan.ts";
import { planOf, sweepOf } from "./sweeps.ts";

describe("a plan", () => {
  it("has every point with index, name, parameters and ordinal", () => {
    const plan = planOf({
      parameters: { a: [1, 2], b: ["x"] },
      exclude: [{ a: 1 }],
      include: [{ a: 7, b: "y" }],
    });
    expect(plan.count).toBe(2);
    expect([...plan.points()]).toEqual([
      { index: 0, name: "a=2_b=x", parameters: { a: 2, b: "x" }, ordinal: 0 },
      { index: 1, name: "a=7_b=y", parameters: { a: 7, b: "y" }, ordinal: 0 },
    ]);
  });

  it.each([
    [undefined, undefined, [0, 1, 2, 3, 4]],
    [2, undefined, [2, 3, 4]],
    [1, 3, [1, 2]],
    [4, 9, [4]],
    [5, undefined, []],
  ])("gives the points from %j to %j", (from, to, indices) => {
    const plan = planOf({ parameters: { a: { range: "1-5" } } });
    expect(Array.from(plan.points(from, to), ({ index }) => index)).toEqual(indices);
  });

  it("of more than a million points must be confirmed", () => {
    const sweep = sweepOf({ parameters: { a: { range: "1-1000" }, b: { range: "1-1001" } } });
    expect(() => makePlan(sweep, { confirmed: false })).toThrow(/has 1,001,000 points.*--yes/s);
  });

  it("of a billion points is refused without visiting them", () => {
    const range = { range: "1-1000" };
    const sweep = sweepOf({
      parameters: { a: range, b: range, c: range },
      exclude: [{ a: 1, b: 2 }],
    });
    expect(() => makePlan(sweep, { confirmed: false })).toThrow(/has 999,999,000 points/);
  });

  it("of more points than it can count is refused even if confirmed", () => {
    const range = { range: "1-1000000" };
    const sweep = sweepOf({ parameters: { a: range, b: range } });
    expect(() => makePlan(sweep, { confirmed: true })).toThrow(/at most 4,294,967,294/);
  });
});
