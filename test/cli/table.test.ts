import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { type Column, table } from "../../src/cli/table.ts";

interface Row {
  readonly name: string;
  readonly cost: string;
  readonly use: string;
}

const columns: Column<Row>[] = [
  { title: "NAME", cell: ({ name }) => name },
  { title: "COST", right: true, cell: ({ cost }) => cost },
  { title: "FOR", cell: ({ use }) => ({ text: use, style: "green" }) },
];
const rows = [
  { name: "box", cost: "$1.20", use: "kept" },
  { name: "a-longer-name", cost: "$12.00", use: "a run that has a rather long name" },
];

function stream(columnsOf: number | undefined, isTTY: boolean): NodeJS.WriteStream {
  return Object.create(process.stdout, {
    isTTY: { value: isTTY },
    columns: { value: columnsOf },
  });
}

it("has a line of titles and a line a row, numbers at the right, nothing behind the last", () => {
  expect(table(columns, rows, stream(undefined, false))).toBe(
    [
      "NAME             COST  FOR",
      "box             $1.20  kept",
      "a-longer-name  $12.00  a run that has a rather long name",
      "",
    ].join("\n"),
  );
});

it("shortens the last column on a terminal that is narrower", () => {
  const lines = table(columns, rows, stream(40, true)).split("\n");
  expect(stripVTControlCharacters(lines[2] ?? "")).toBe("a-longer-name  $12.00  a run that has a…");
});

it("is whole where there is no room for anything", () => {
  expect(table(columns, rows, stream(20, true))).toContain("a run that has a rather long name");
});

it("writes no control characters, whatever is in a cell", () => {
  const text = table(columns, [{ name: "a\x1b[31mb\nc", cost: "", use: "" }], stream(80, false));
  expect(text.split("\n")[1]).toBe("ab c");
});

it("leaves out optional columns, the last ones first, where there is no room for all", () => {
  const optional = columns.map((column, i) => ({ ...column, optional: i < 2 }));
  const titles = (room: number) =>
    stripVTControlCharacters(table(optional, rows, stream(room, true)).split("\n")[0] ?? "");
  expect(titles(31)).toBe("NAME             COST  FOR");
  expect(titles(30)).toBe("NAME           FOR");
  expect(titles(22)).toBe("FOR");
});
