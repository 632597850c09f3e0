import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../src/plan/canonical.ts";

describe("canonical JSON", () => {
  it.each([
    [null, "null"],
    [[1, "1", true, []], '[1,"1",true,[]]'],
    [{ b: 1, a: { d: 2, c: 3 } }, '{"a":{"c":3,"d":2},"b":1}'],
    [
      { "\u20ac": 1, "\r": 2, "1": 3, "\ud83d\ude00": 4, "\ufb33": 5 },
      '{"\\r":2,"1":3,"€":1,"😀":4,"\ufb33":5}',
    ],
    [[1e-7, 1e30, 4.5, 2e-3, 1e-27, -0], "[1e-7,1e+30,4.5,0.002,1e-27,0]"],
    ['\u20ac$\u000f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'],
  ])("of %j is %s", (value, text) => {
    // The numbers, names and strings of the examples in RFC 8785.
    expect(canonicalJson(value)).toBe(text);
  });
});
