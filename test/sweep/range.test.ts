import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isRangeExpression, parseRange } from "../../src/sweep/range.ts";
import { AxisError, type Sequence } from "../../src/sweep/sequence.ts";
import { failure } from "./failure.ts";

const valuesOf = ({ length, value }: Sequence) => Array.from({ length }, (_, at) => value(at));

describe("an integer range expression", () => {
  it.each<[string, number[]]>([
    // The table of the specification.
    ["1 - 5", [1, 2, 3, 4, 5]],
    ["-1 - 1", [-1, 0, 1]],
    ["1-5:2", [1, 3, 5]],
    ["10-15:2,1-5", [1, 2, 3, 4, 5, 10, 12, 14]],
    ["1-10:4", [1, 5, 9]],
    // Single numbers, signs and spaces.
    ["7", [7]],
    ["-7", [-7]],
    ["007", [7]],
    ["-0", [0]],
    ["3,1,2", [1, 2, 3]],
    ["-3--1", [-3, -2, -1]],
    ["\t1 ,\t2 - 3 : 1 ", [1, 2, 3]],
    ["5-5", [5]],
    ["5-5:-1", [5]],
    // Downwards, the values of the range as it counts, ascending.
    ["10-1:-1", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ["10-1:-4", [2, 6, 10]],
    ["1-3:100", [1]],
    ["1-3,4-6", [1, 2, 3, 4, 5, 6]],
  ])("%j gives %j", (text, values) => {
    expect(valuesOf(parseRange(text))).toEqual(values);
  });

  it.each<[string, number, string]>([
    ["", 0, "expected an integer but found nothing"],
    ["   ", 3, "expected an integer but found nothing"],
    ["a", 0, 'expected an integer but found "a"'],
    ["1.5", 1, 'expected "," or the end but found "."'],
    ["1-", 2, "expected the range's end but found nothing"],
    ["1-x", 2, 'expected the range\'s end but found "x"'],
    ["1-5:", 4, "expected the range's step but found nothing"],
    ["1-5:2:3", 5, 'expected "," or the end but found ":"'],
    ["1 2", 2, 'expected "," or the end but found "2"'],
    ["1,", 2, "expected an integer but found nothing"],
    ["1,,2", 2, 'expected an integer but found ","'],
    ["1;2", 1, 'expected "," or the end but found ";"'],
    ["1…5", 1, 'expected "," or the end but found "…"'],
    ["1🎲", 1, 'expected "," or the end but found "🎲"'],
    ["5-1", 0, "range 5-1 is empty: it counts up from 5 to 1"],
    ["2,1-5:-1", 6, "range 1-5:-1 is empty: it counts down from 1 to 5"],
    ["1-5:0", 4, "a step of 0 never reaches the range's end"],
    ["1,2, 1", 5, "range 1 overlaps 1"],
    ["1-10:4,10-15", 7, "range 10-15 overlaps 1-10:4"],
    ["5-9, 1 - 5", 5, "range 1 - 5 overlaps 5-9"],
    ["9007199254740992", 0, "9007199254740992 is beyond 2^53"],
    ["1--9007199254740992", 2, "-9007199254740992 is beyond 2^53"],
    ["-9007199254740991-9007199254740991", 0, "has more than 2^53 numbers"],
  ])("%j is refused at offset %i: %s", (text, at, message) => {
    const error = failure(AxisError, () => parseRange(text));
    expect(error.message).toContain(message);
    expect(error.at).toBe(at);
  });

  it("tells how to write an empty range", () => {
    expect(failure(AxisError, () => parseRange("5-1")).hint).toBe("write 1-5, or 5-1:-1");
    expect(failure(AxisError, () => parseRange("1-5:-2")).hint).toBe("write 1-5:2");
  });

  it("computes the values of a range of any size", () => {
    const range = parseRange("-5,1-1000000000:3,2000000000-9007199254740991");
    expect(range.length).toBe(1 + 333_333_334 + 9007199254740991 - 2_000_000_000 + 1);
    expect([0, 1, 2, 333_333_334, 333_333_335].map(range.value)).toEqual([
      -5, 1, 4, 1_000_000_000, 2_000_000_000,
    ]);
    expect(range.value(range.length - 1)).toBe(9007199254740991);
  });

  it("finds values without looking at all", () => {
    const range = parseRange("-5,1-1000000000:3");
    const wanted = [-5, 4, 1_000_000_000, 5, 0, -6, 1_000_000_003, 4.5, "4", true];
    expect(wanted.map((value) => range.find(value))).toEqual([
      [0],
      [2],
      [333_333_334],
      [],
      [],
      [],
      [],
      [],
      [],
      [],
    ]);
  });

  const number = fc.integer({ min: -60, max: 60 });
  const element = fc.tuple(number, number, fc.integer({ min: -7, max: 7 }), fc.nat(2));

  it("holds what the definition says, ascending", () => {
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 4 }), (elements) => {
        const written: string[] = [];
        const values = new Set<number>();
        const covered = new Set<number>();
        let refused = false;
        for (const [from, to, step, form] of elements) {
          const [end, by] = form === 0 ? [from, 1] : form === 1 ? [to, 1] : [to, step];
          written.push(
            form === 0 ? `${from}` : form === 1 ? `${from}-${to}` : `${from}-${to}:${step}`,
          );
          if (by === 0 || (from !== end && from < end !== by > 0)) refused = true;
          for (let at = Math.min(from, end); at <= Math.max(from, end); at++) {
            if (covered.has(at)) refused = true;
            covered.add(at);
          }
          if (by === 0) continue;
          for (let at = from; by > 0 ? at <= end : at >= end; at += by) values.add(at);
        }
        const text = written.join(",");
        expect(isRangeExpression(text)).toBe(true);
        if (refused) {
          expect(() => parseRange(text)).toThrow(AxisError);
          return;
        }
        const range = parseRange(text);
        expect(valuesOf(range)).toEqual([...values].sort((a, b) => a - b));
        for (let value = -70; value <= 70; value++) {
          const found = range.find(value).map(range.value);
          expect(found).toEqual(values.has(value) ? [value] : []);
        }
      }),
    );
  });

  it("has the form of one exactly where nothing but its numbers can be wrong", () => {
    const text = fc.string({
      unit: fc.constantFrom("1", "2", "-", ":", ",", " ", "x"),
      maxLength: 9,
    });
    fc.assert(
      fc.property(text, (text) => {
        let syntax = true;
        try {
          parseRange(text);
        } catch (error) {
          syntax = !(error instanceof AxisError && error.message.startsWith("expected"));
        }
        // A wrong number may come before a wrong character.
        if (isRangeExpression(text)) expect(syntax).toBe(true);
        else expect(() => parseRange(text)).toThrow(AxisError);
      }),
      { numRuns: 2000 },
    );
  });
});
