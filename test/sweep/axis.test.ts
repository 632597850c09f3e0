import { describe, expect, it } from "vitest";
import {
  AxisError,
  linspaceAxis,
  listAxis,
  logspaceAxis,
  rangeAxis,
  sampleAxis,
  tableAxis,
} from "../../src/sweep/axis.ts";
import { failure } from "./failure.ts";

describe("a list", () => {
  it("keeps order and types", () => {
    const axis = listAxis("p", [3, "3", true, "true", 1.5, ""]);
    expect(axis).toMatchObject({ label: "p", names: ["p"], length: 6, repeats: null });
    expect([0, 1, 2, 3, 4, 5].map((at) => axis.value(at, 0))).toEqual([
      3,
      "3",
      true,
      "true",
      1.5,
      "",
    ]);
    expect([3, "3", "true", false].map((value) => axis.find(value, 0))).toEqual([
      [0],
      [1],
      [3],
      [],
    ]);
  });

  it.each([
    ["no values", [], null],
    ['"a" twice, as value 1 and 3', ["a", "b", "a"], 2],
    ["1 twice, as value 1 and 2", [1, 1.0], 1],
    ["0 twice, as value 1 and 2", [0, -0], 1],
    ["NaN, which no simulation can be given", [1, Number.NaN], 1],
    ["Infinity, which no simulation can be given", [Number.POSITIVE_INFINITY], 0],
  ])("is refused with %s", (message, values, at) => {
    const error = failure(AxisError, () => listAxis("p", values));
    expect(error.message).toContain(message);
    expect(error.at).toBe(at);
  });
});

describe("a table", () => {
  it("is one axis with a parameter a column", () => {
    const axis = tableAxis(
      "cases",
      ["country", "rate"],
      [
        ["DE", 1],
        ["FR", 2],
        ["DE", 2],
      ],
    );
    expect(axis).toMatchObject({ label: "cases", names: ["country", "rate"], length: 3 });
    expect([axis.value(2, 0), axis.value(2, 1)]).toEqual(["DE", 2]);
    expect([axis.find("DE", 0), axis.find(2, 1), axis.find("2", 1)]).toEqual([[0, 2], [1, 2], []]);
  });

  it("is refused with equal rows, both named", () => {
    const rows = [
      ["a", 1],
      ["b", 1],
      ["a", 1],
    ];
    const error = failure(AxisError, () => tableAxis("cases", ["x", "y"], rows));
    expect(error.message).toBe("rows 1 and 3 of table cases are equal");
    expect(error.at).toBe(2);
  });

  it("tells rows apart by type", () => {
    expect(tableAxis("cases", ["x"], [["1"], [1], ["true"], [true]]).length).toBe(4);
  });

  it.each([
    ["rows", ["x"], []],
    ["columns", [], [[], []]],
  ])("is refused without %s", (what, columns, rows) => {
    expect(() => tableAxis("cases", columns, rows)).toThrow(`table cases has no ${what}`);
  });
});

it("every kind of axis carries its parameter's name", () => {
  const axes = [
    rangeAxis("a", "1-3"),
    linspaceAxis("b", 0, 1, 3),
    logspaceAxis("c", 1, 100, 3),
    sampleAxis("d", { distribution: "normal" }, 3, 42),
  ];
  expect(axes.map(({ label, names, length }) => [label, names, length])).toEqual(
    ["a", "b", "c", "d"].map((name) => [name, [name], 3]),
  );
  expect(axes.slice(0, 3).map((axis) => axis.value(1, 0))).toEqual([2, 0.5, 10]);
});
