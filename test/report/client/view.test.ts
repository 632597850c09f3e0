import { describe, expect, it } from "vitest";
import { viewStore } from "../../../src/report/client/view.ts";
import type { Cell, ColumnData, TableData } from "../../../src/report/document.ts";

function column(heading: string, values: readonly Cell[]): ColumnData {
  return { heading, name: heading, group: "metric", type: "number", detail: false, values };
}

const table: TableData = {
  rows: 5,
  moreRows: 0,
  moreColumns: 0,
  columns: [
    column("name", ["a", "b", "c", "d", "e"]),
    column("loss", [3, null, 1, 2, 1]),
    column("opt imizer", ["Adam", "sgd", "adam", "SGD w", null]),
    column("ok", [true, false, true, true, null]),
    column("size", ["a2", "a10", "a1", "b", "a2"]),
  ],
};

describe("the filter", () => {
  it.each<[string, string]>([
    ["", "abcde"],
    ["loss=1", "ce"],
    ["loss!=1", "abd"],
    ["loss<2", "ce"],
    ["loss<=2", "cde"],
    ["loss>2", "a"],
    ["loss>=2", "ad"],
    ["LOSS=1e0", "ce"],
    ["loss=", "b"],
    ["loss!=", "acde"],
    ['"opt imizer"=adam', "ac"],
    ['"opt imizer=sgd w"', "d"],
    ["ok=true loss<3", "cd"],
    ["sgd", "bd"],
    ['"sgd w"', "d"],
    ["unknown>1", ""],
    ["size=a2", "ae"],
    ["size<a2", "c"],
    ['"', "abcde"],
    ["loss=x", ""],
  ])("%s leaves %s", (text, left) => {
    const view = viewStore(table);
    view.filter(text);
    const { rows } = view.get();
    expect(rows.map((row) => table.columns[0]?.values[row]).join("")).toBe(left);
  });
});

describe("the order", () => {
  it.each<[string, boolean, string]>([
    ["loss", false, "cedab"],
    ["loss", true, "adceb"],
    ["size", false, "caebd"],
    ["no such column", true, "abcde"],
  ])(
    "by %s, descending %s, is %s: missing values last, equal ones as they were",
    (heading, descending, order) => {
      const view = viewStore(table);
      view.sort({ heading, descending });
      const { rows } = view.get();
      expect(rows.map((row) => table.columns[0]?.values[row]).join("")).toBe(order);
    },
  );

  it("stays when the filter changes, and listeners are told once a change", () => {
    const view = viewStore(table);
    const seen: string[] = [];
    view.listen(({ rows }) => seen.push(rows.join("")));
    view.sort({ heading: "loss", descending: false });
    view.filter("loss<3");
    view.filter("loss<3");
    view.sort(null);
    expect(seen).toEqual(["24301", "243", "234"]);
  });
});
