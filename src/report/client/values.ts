import type { Cell, ColumnData } from "../document.ts";
import { bytes, duration } from "../quantities.ts";

/** A number with as many digits as people read. */
export function number(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return String(Number(value.toPrecision(6)));
}

/** A cell as it is shown. */
export function shown(column: Pick<ColumnData, "heading" | "group">, cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell !== "number") return String(cell);
  if (column.group === "point" && column.heading === "peak_memory") return bytes(cell);
  return number(cell);
}

export function isNumeric(column: ColumnData): boolean {
  return column.type === "integer" || column.type === "number";
}

/** Values of a column that differ, in ascending order where they are numbers. */
export function distinct(column: ColumnData): Exclude<Cell, null>[] {
  const found = new Set<Exclude<Cell, null>>();
  for (const value of column.values) if (value !== null) found.add(value);
  const values = [...found];
  return values.every((value) => typeof value === "number")
    ? values.toSorted((a, b) => a - b)
    : values;
}

/** Seconds as people say them, also short ones. */
export function span(seconds: number): string {
  return seconds > 0 && seconds < 0.95
    ? `${Number((seconds * 1000).toPrecision(2))} ms`
    : duration(seconds);
}
