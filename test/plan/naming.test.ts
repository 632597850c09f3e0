import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldCase } from "../../src/plan/duplicates.ts";
import { nameProblem } from "../../src/plan/name.ts";
import { ReportedError } from "../../src/sweep/errors.ts";
import { namesOf, planOf } from "./sweeps.ts";

const HASHED = "-[0-9a-f]{8}";

describe("a point's default name", () => {
  it("is made of the parameters in file order", () => {
    const parameters = { iterations: [1000], seed: { range: "1-2" }, radius: [0.5], fast: [true] };
    expect(namesOf({ parameters })).toEqual([
      "iterations=1000_seed=1_radius=0.5_fast=true",
      "iterations=1000_seed=2_radius=0.5_fast=true",
    ]);
  });

  it("has what include adds, and only what the point has", () => {
    const names = namesOf({
      parameters: { a: [1, 2] },
      include: [{ a: 2, b: 3 }, { b: 4 }, { c: "x" }, { a: 5, c: 6 }],
    });
    expect(names).toEqual(["a=1_b=4_c=x", "a=2_b=4_c=x", "a=5_c=6"]);
  });

  it("is right where the first parameter is missing", () => {
    const include = [{ b: 1 }, { a: 1, b: 2 }];
    expect(namesOf({ include })).toEqual(["b=1", "b=2_a=1"]);
  });

  it.each([
    ["two words", "two-words"],
    ["a/b\\c:d", "a-b-c-d"],
    ["Größe", "Gr--e"],
    ["x=y", "x-y"],
    ["end.", "end-"],
    ["..", ".-"],
    ["", ""],
    ["温度", "--"],
    ["\u{1f600}", "-"],
    [-0.5, "-0.5"],
    [1e21, "1e+21"],
  ])("writes %j as %j", (value, text) => {
    expect(namesOf({ parameters: { p: [value] } })).toEqual([`p=${text}`]);
  });

  it.each([
    ["what is replaced", ["a b", "a-b", "c d"], ["a-b#", "a-b#", "c-d"]],
    ["type", [1, "1", true, "true", 2], ["1#", "1#", "true#", "true#", "2"]],
    ["letter case", ["Fast", "fast", "Slow"], ["Fast#", "fast#", "Slow"]],
    ["letters that are all replaced", ["温度", "大小"], ["--#", "--#"]],
  ])("gets a hash where values differ only in %s", (_what, values, expected) => {
    const names = namesOf({ parameters: { p: values } });
    expect(names).toEqual(
      expected.map((text) => expect.stringMatching(`^p=${text.replace("#", HASHED)}$`)),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it("gets a hash where another point's name reads the same", () => {
    const names = namesOf({ include: [{ a: "1_b-2" }, { a: "1", b_c: 2 }, { a: "1_b", c: 2 }] });
    expect(names).toEqual([
      "a=1_b-2",
      expect.stringMatching(`^a=1_b_c=2${HASHED}$`),
      expect.stringMatching(`^a=1_b_c=2${HASHED}$`),
    ]);
  });

  it("keeps its hash whatever other points there are", () => {
    const [one] = namesOf({ parameters: { p: ["a b", "a-b"] } });
    const [, other] = namesOf({ parameters: { p: ["a+b", "a b", "a-b", "a:b"] } });
    expect(one).toBe(other);
  });

  it("is cut to 120 bytes with a hash", () => {
    const long = "x".repeat(118);
    const names = namesOf({ parameters: { p: [long, `${long}y`, `${long}z`] } });
    expect(names[0]).toBe(`p=${long}`);
    expect(names[1]).toMatch(new RegExp(`^p=x{109}${HASHED}$`));
    expect(names[2]).toMatch(new RegExp(`^p=x{109}${HASHED}$`));
    expect(new Set(names).size).toBe(3);
  });

  it("counts equal points behind it", () => {
    const p = { distribution: "constant", value: "v", samples: 3 };
    expect(namesOf({ parameters: { p, q: [1, 2] } })).toEqual([
      "p=v_q=1",
      "p=v_q=2",
      "p=v_q=1-2",
      "p=v_q=2-2",
      "p=v_q=1-3",
      "p=v_q=2-3",
    ]);
  });

  it("counts equal points behind a hash, and behind a cut", () => {
    const p = { distribution: "constant", value: "x".repeat(118), samples: 2 };
    const [first, second] = namesOf({ parameters: { p } });
    expect(first).toBe(`p=${"x".repeat(118)}`);
    expect(second).toMatch(new RegExp(`^p=x{107}${HASHED}-2$`));

    const draws = { distribution: "constant", value: "a b", samples: 2 };
    const names = namesOf({ parameters: { p: draws }, include: [{ p: "a-b" }] });
    expect(names[0]).toMatch(new RegExp(`^p=a-b${HASHED}$`));
    expect(names[1]).toBe(`${names[0]}-2`);
    expect(names[2]).toMatch(new RegExp(`^p=a-b${HASHED}$`));
  });

  it("stays unique where a value ends like a count", () => {
    const p = { distribution: "constant", value: "a", samples: 2 };
    const names = namesOf({ parameters: { p }, include: [{ p: "a-2" }] });
    expect(names[0]).toBe("p=a");
    expect(new Set(names).size).toBe(3);
  });

  it("is safe and unique whatever the values are", () => {
    const value = fc.oneof(
      fc.string({ unit: "binary", maxLength: 4 }),
      fc.constantFrom(
        "a",
        "A",
        "a b",
        "a-b",
        "a_q=1",
        "1",
        "true",
        "-2",
        ".",
        "CON",
        "x".repeat(130),
      ),
      fc.integer({ min: -3, max: 3 }),
      fc.double({ min: -1e15, max: 1e15, noNaN: true }),
      fc.boolean(),
    );
    const same = (a: unknown) => `${typeof a}${a}`;
    const list = fc.uniqueArray(value, { minLength: 1, maxLength: 6, selector: same });
    const entry = fc.record({ p: value, q: value, r: value }, { requiredKeys: ["p"] });
    const keys = fc.record({
      parameters: fc.record({ p: list, q: list }),
      include: fc.array(entry, { maxLength: 4 }),
    });
    fc.assert(
      fc.property(keys, (given) => {
        const names = namesOf(given);
        expect(names.map(nameProblem).filter((problem) => problem !== null)).toEqual([]);
        expect(new Set(names.map(foldCase)).size).toBe(names.length);
      }),
    );
  });
});

describe("a point name from a template", () => {
  it("is the template, rendered", () => {
    expect(
      namesOf({
        parameters: { n: [10, 20], seed: { range: "1-2" }, noise: [0.5] },
        "point-name": "n{{ n }}-s{{ seed:03d }}-{{ noise:.4f }}-{{ point.index }}",
      }),
    ).toEqual(["n10-s001-0.5000-0", "n10-s002-0.5000-1", "n20-s001-0.5000-2", "n20-s002-0.5000-3"]);
  });

  it.each([
    [
      "that two points share",
      { parameters: { a: [1, 2], b: [3, 4] }, "point-name": "run-{{ a }}" },
      /gives two points the name "run-1": point 0 \{"a":1,"b":3\} and point 1 \{"a":1,"b":4\}\n.*point\.index/s,
    ],
    [
      "that differs from another in letter case alone",
      { parameters: { a: ["x", "X"] }, "point-name": "{{ a }}" },
      /names two points "x" and "X", one folder where letter case is ignored/,
    ],
    [
      "with a separator",
      { parameters: { a: ["ok", "b/c"] }, "point-name": "run-{{ a }}" },
      /names point 1 \{"a":"b\/c"\} "run-b\/c", which contains "\/"/,
    ],
    ["that is empty", { parameters: { a: [""] }, "point-name": "{{ a }}" }, /is empty/],
    [
      "that is too long",
      { parameters: { a: ["x".repeat(121)] }, "point-name": "{{ a }}" },
      /has 121 bytes, more than 120/,
    ],
    [
      "of repeated draws",
      {
        parameters: { a: { distribution: "constant", value: 1, samples: 2 } },
        "point-name": "a{{ a }}",
      },
      /gives two points the name "a1"/,
    ],
  ])("%s is an error", (_what, keys, message) => {
    expect(() => planOf(keys)).toThrow(message);
    expect(() => planOf(keys)).toThrow(expect.objectContaining({ exitCode: 2 }));
    expect(() => planOf(keys)).toThrow(ReportedError);
  });
});
