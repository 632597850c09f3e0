import type { ColumnData, PairedTable, TableData } from "../document.ts";

/** Metrics whose columns are shown at first: before, after and difference. */
const SHOWN = 3;

/** The pairs as a table: each metric before, after, and its difference. */
export function pairedColumns(table: PairedTable): TableData {
  const { names, statusA, statusB, metrics } = table;
  const column = (
    heading: string,
    name: string,
    group: ColumnData["group"],
    values: ColumnData["values"],
    detail = false,
  ): ColumnData => ({
    heading,
    name,
    group,
    type: group === "point" ? "string" : "number",
    detail,
    values,
  });
  return {
    rows: names.length,
    moreRows: table.moreRows,
    moreColumns: 0,
    columns: [
      column("name", "name", "point", names),
      column("status A", "status", "point", statusA),
      column("status B", "status", "point", statusB),
      ...metrics.flatMap(({ heading, a, b }, i) => {
        const detail = i >= SHOWN;
        const difference = a.map((before, row) => {
          const after = b[row] ?? null;
          return before === null || after === null ? null : after - before;
        });
        return [
          column(`${heading} A`, heading, "parameter", a, detail),
          column(`${heading} B`, heading, "parameter", b, detail),
          column(`${heading} B−A`, heading, "metric", difference, detail),
        ];
      }),
    ],
  };
}
