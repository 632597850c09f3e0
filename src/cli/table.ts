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
  readonly cell: (row: T) => string | Cell;
}

/**
 * A table for people: a line of titles, then a line a row. The last column is shortened where the
 * stream is a terminal that is narrower; in a pipe everything is whole.
 */
export function table<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  stream: NodeJS.WriteStream,
): string {
  const cells = rows.map((row) => columns.map(({ cell }) => cellOf(cell(row))));
  const all = [columns.map(({ title }): Cell => ({ text: title, style: "bold" })), ...cells];
  const widths = columns.map((_, i) => Math.max(...all.map((line) => width(line[i]?.text ?? ""))));
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + GAP.length, 0);
  const room = (stream.columns ?? Number.POSITIVE_INFINITY) - before;
  const lines = all.map((line) => {
    const texts = line.map(({ text, style }, i) => {
      const isLast = i === columns.length - 1;
      // Less than a few characters say nothing: such a line is wrapped instead.
      const shown = isLast && room >= LEAST ? cut(text, room) : text;
      const gap = " ".repeat(Math.max(0, (widths[i] ?? 0) - width(shown)));
      const styled = style === undefined ? shown : styleText(style, shown, { stream });
      if (columns[i]?.right === true) return gap + styled;
      return isLast ? styled : styled + gap;
    });
    return `${texts.join(GAP).trimEnd()}\n`;
  });
  return lines.join("");
}

const GAP = "  ";
const LEAST = 8;

function cellOf(cell: string | Cell): Cell {
  return typeof cell === "string"
    ? { text: harmless(cell) }
    : { ...cell, text: harmless(cell.text) };
}
