import { styleText } from "node:util";
import { harmless } from "./output.ts";
import { cut, width } from "./progress.ts";

type Style = Parameters<typeof styleText>[0];

export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

export interface Column<T> {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly right?: boolean;
  /** Left out where there is no room for it. */
  readonly optional?: boolean;
  readonly cell: (row: T) => string | Cell;
}

/**
 * A table for people: a line of titles, then a line a row. Where the stream is a terminal that is
 * narrower, optional columns are left out, from the last one, and then the last is shortened; in a
 * pipe everything is whole.
 */
export function table<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  stream: NodeJS.WriteStream,
): string {
  const all = columns.map((column) => columnOf(column, rows));
  const most = stream.columns || Number.POSITIVE_INFINITY;
  const shown = fitting(all, most);
  const room = most - widthBefore(shown);
  const lines = [-1, ...rows.keys()].map((row) => {
    const texts = shown.map(({ title, cells, columns: wide, right }, i) => {
      const { text, style } = cells[row] ?? { text: title, style: "bold" };
      const isLast = i === shown.length - 1;
      // Less than a few characters say nothing: such a line is wrapped instead.
      const short = isLast && room >= LEAST ? cut(text, room) : text;
      const gap = " ".repeat(Math.max(0, wide - width(short)));
      const styled = style === undefined ? short : styleText(style, short, { stream });
      if (right) return gap + styled;
      return isLast ? styled : styled + gap;
    });
    return `${texts.join(GAP).trimEnd()}\n`;
  });
  return lines.join("");
}

interface Filled {
  readonly title: string;
  readonly cells: readonly Cell[];
  /** Of the terminal, that it takes. */
  readonly columns: number;
  readonly right: boolean;
  readonly optional: boolean;
}

function columnOf<T>(
  { title, cell, right = false, optional = false }: Column<T>,
  rows: readonly T[],
): Filled {
  const cells = rows.map((row) => cellOf(cell(row)));
  const columns = Math.max(width(title), ...cells.map(({ text }) => width(text)));
  return { title, cells, columns, right, optional };
}

/** Without optional columns, from the last one, as long as the last of all has no room. */
function fitting(columns: readonly Filled[], most: number): readonly Filled[] {
  const last = Math.min(columns.at(-1)?.columns ?? 0, LEAST);
  if (widthBefore(columns) + last <= most) return columns;
  const left = columns.findLastIndex(({ optional }) => optional);
  return left === -1 ? columns : fitting(columns.toSpliced(left, 1), most);
}

function widthBefore(columns: readonly Filled[]): number {
  return columns.slice(0, -1).reduce((sum, one) => sum + one.columns + GAP.length, 0);
}

const GAP = "  ";
const LEAST = 8;

function cellOf(cell: string | Cell): Cell {
  return typeof cell === "string"
    ? { text: harmless(cell) }
    : { ...cell, text: harmless(cell.text) };
}
