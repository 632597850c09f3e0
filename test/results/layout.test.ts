import { describe, expect, it } from "vitest";
import { layoutOf, type Row } from "../../src/results/layout.ts";
import { row } from "./rows.ts";

const FIXED = [
  "name",
  "status",
  "cached",
  "exit_code",
  "attempts",
  "seconds",
  "cpu_seconds",
  "peak_memory",
];

/** The headings after the fixed ones. */
function headings(...rows: Partial<Row>[]): string[] {
  return layoutOf(rows.map(row))
    .map(({ heading }) => heading)
    .slice(FIXED.length);
}

describe("the columns of the results", () => {
  it("begin with the fixed ones, also where there are no rows", () => {
    expect(layoutOf([]).map(({ heading }) => heading)).toEqual(FIXED);
  });

  it("go on with the parameters, then the metrics, in the order of their first appearance", () => {
    const rows = [
      { parameters: { b: 1, a: 2 }, metrics: { y: 1 } },
      { parameters: { a: 2, c: 3 }, metrics: { x: 1, y: 1 } },
    ];
    expect(headings(...rows)).toEqual(["b", "a", "c", "y", "x"]);
  });

  it.each<[string, Partial<Row>, string[]]>([
    ["a parameter like a column", { parameters: { name: 1 } }, ["param.name"]],
    ["a metric like a column", { metrics: { seconds: 1 } }, ["result.seconds"]],
    ["a metric like a parameter", { parameters: { x: 1 }, metrics: { x: 1 } }, ["x", "result.x"]],
    [
      "both like a column",
      { parameters: { status: 1 }, metrics: { status: 1 } },
      ["param.status", "result.status"],
    ],
    [
      "a metric like a parameter's heading",
      { parameters: { name: 1 }, metrics: { "param.name": 1 } },
      ["param.name", "result.param.name"],
    ],
    [
      "a parameter like another one's heading",
      { parameters: { name: 1, "param.name": 2 } },
      ["param.param.name", "param.name"],
    ],
    [
      "a metric like another one's heading",
      { parameters: { x: 1 }, metrics: { x: 1, "result.x": 2 } },
      ["x", "result.result.x", "result.x"],
    ],
    ["names that differ in case only", { parameters: { Name: 1, seed: 1 } }, ["Name", "seed"]],
  ])("stay apart: %s", (_, one, expected) => {
    expect(headings(one)).toEqual(expected);
  });

  it("find each value under its heading, and null where a point has none", () => {
    const rows = [
      row({ parameters: { name: "p" }, metrics: { name: "m" } }),
      row({ parameters: {}, metrics: {} }),
    ];
    const cells = layoutOf(rows)
      .slice(FIXED.length)
      .map(({ cell }) => rows.map(cell));
    expect(cells).toEqual([
      ["p", null],
      ["m", null],
    ]);
  });

  it("take nothing from an object's prototype", () => {
    const metrics = Object.fromEntries([
      ["constructor", 1],
      ["__proto__", 2],
    ]);
    const rows = [row({ metrics }), row({})];
    const [inherited, proto] = layoutOf(rows).slice(FIXED.length);
    expect(rows.map((one) => inherited?.cell(one))).toEqual([1, null]);
    expect(rows.map((one) => proto?.cell(one))).toEqual([2, null]);
  });

  it.each([
    ["integer", [1, -2, null]],
    ["number", [1, 0.5]],
    ["number", [2 ** 53]],
    ["number", [null]],
    ["boolean", [true, null, false]],
    ["string", ["a", null]],
    ["string", [1, "a"]],
    ["string", [true, 1]],
    ["string", [0.5, false]],
  ])("are of type %s where the values are %j", (type, values) => {
    const rows = values.map((m) => row({ metrics: { m } }));
    expect(layoutOf(rows).at(-1)?.type).toBe(type);
  });

  it("are at most 16,384, and the error names metrics", () => {
    const rows = (function* () {
      for (let i = 0; i < 20_000; i++) yield row({ metrics: { [`m${i}`]: i } });
    })();
    expect(() => layoutOf(rows)).toThrow(/more than 16384 columns.*"m16376"/s);
  });
});
