import { layoutOf, type Row } from "../../results/layout.ts";
import type { ColumnData, TableData } from "../document.ts";
import { clean, cut } from "../markdown.ts";
import { DETAIL_HEADINGS } from "../overview.ts";

/** Rows that a page holds. */
export const ROWS = 25_000;
/** Characters of a text in a cell. */
const CELL = 200;
/** Bytes of JSON for all cells; the columns beyond are left out. */
const ROOM = 9_000_000;

/** Whether a metric says what the parameter of its name says already. */
function repeats(name: string, cell: (row: Row) => unknown, rows: readonly Row[]): boolean {
  return rows.every((row) => {
    const value = cell(row);
    return (
      Object.hasOwn(row.parameters, name) && (value === null || value === row.parameters[name])
    );
  });
}

/** The table of a run's first rows, with the columns that there is room for. */
export function tableData(rows: readonly Row[], points: number): TableData {
  const layout = layoutOf(rows);
  const columns: ColumnData[] = [];
  let room = ROOM;
  for (const { cell, heading, name, ...column } of layout) {
    const values = rows.map((row) => {
      const value = cell(row);
      return typeof value === "string" ? cut(clean(value), CELL) : value;
    });
    room -= Buffer.byteLength(JSON.stringify(values));
    if (room < 0) break;
    columns.push({
      ...column,
      heading: cut(clean(heading), CELL),
      name: cut(clean(name), CELL),
      detail:
        DETAIL_HEADINGS.has(heading) || (column.group === "metric" && repeats(name, cell, rows)),
      values,
    });
  }
  return {
    rows: rows.length,
    columns,
    moreRows: points - rows.length,
    moreColumns: layout.length - columns.length,
  };
}
