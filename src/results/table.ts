import { open, rename, rm } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { BasicType } from "hyparquet-writer";
import type { Cell, Column, Row } from "./layout.ts";

/** UTF-16 code units that are written at once. */
const CHUNK = 256 * 1024;
/** Cells that are held in memory for one row group of a Parquet file. */
const GROUP_CELLS = 300_000;

/**
 * Writes rows as CSV: RFC 4180 with LF, UTF-8, a line of headings. Missing is an empty cell, an
 * empty string is `""`. The file appears whole.
 */
export async function exportCsv(
  rows: Iterable<Row>,
  layout: readonly Column[],
  path: string,
): Promise<void> {
  const line = (cells: readonly Cell[]) => `${cells.map(csvCell).join(",")}\n`;
  await writeText(path, function* () {
    yield line(layout.map(({ heading }) => heading));
    for (const row of rows) yield line(layout.map((column) => column.cell(row)));
  });
}

/**
 * Writes rows as JSON lines: an object a line, its members in the layout's order, values with
 * their types, missing as null. The file appears whole.
 */
export async function exportJsonl(
  rows: Iterable<Row>,
  layout: readonly Column[],
  path: string,
): Promise<void> {
  // By hand, because an object would move names that look like integers to the front.
  const members = layout.map(({ heading, cell }) => ({ key: `${JSON.stringify(heading)}:`, cell }));
  await writeText(path, function* () {
    for (const row of rows) {
      yield `{${members.map(({ key, cell }) => key + JSON.stringify(cell(row))).join(",")}}\n`;
    }
  });
}

/**
 * Writes rows as Parquet: booleans, INT64, DOUBLE and UTF-8 strings, all of them optional; a
 * column of mixed types is written as text. The file appears whole.
 *
 * https://parquet.apache.org/docs/file-format/
 */
export async function exportParquet(
  rows: Iterable<Row>,
  layout: readonly Column[],
  path: string,
): Promise<void> {
  // Loaded here, since most commands never write Parquet.
  const { fileWriter, ParquetWriter, schemaFromColumnData } = await import("hyparquet-writer");
  const groupRows = Math.max(100, Math.floor(GROUP_CELLS / layout.length));
  const columns = layout.map(({ heading, type, cell }) => ({
    source: { name: heading, type: PARQUET[type].type, data: [] as unknown[] },
    convert: PARQUET[type].convert,
    cell,
  }));
  const columnData = columns.map(({ source }) => source);
  await writeWhole(path, async (partial) => {
    const parquet = new ParquetWriter({
      writer: fileWriter(partial),
      schema: schemaFromColumnData({ columnData }),
    });
    let held = 0;
    const writeGroup = async () => {
      await parquet.write({ columnData, rowGroupSize: groupRows });
      for (const { data } of columnData) data.length = 0;
      held = 0;
      await nextTurn();
    };
    for (const row of rows) {
      for (const { source, convert, cell } of columns) {
        const value = cell(row);
        source.data.push(value === null ? null : convert(value));
      }
      held += 1;
      if (held === groupRows) await writeGroup();
    }
    if (held > 0) await writeGroup();
    await parquet.finish();
  });
}

const PARQUET = {
  string: { type: "STRING", convert: String },
  boolean: { type: "BOOLEAN", convert: Boolean },
  integer: { type: "INT64", convert: (value) => BigInt(Math.round(Number(value))) },
  number: { type: "DOUBLE", convert: Number },
} as const satisfies Record<
  Column["type"],
  { readonly type: BasicType; convert(value: string | number | boolean): unknown }
>;

/** A cell as RFC 4180 has it. */
function csvCell(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell !== "string") return String(cell);
  if (cell !== "" && !/[",\r\n]/.test(cell)) return cell;
  return `"${cell.replaceAll('"', '""')}"`;
}

async function writeText(path: string, lines: () => Iterable<string>): Promise<void> {
  await writeWhole(path, async (partial) => {
    await using file = await open(partial, "w");
    let chunk = "";
    for (const line of lines()) {
      chunk += line;
      if (chunk.length < CHUNK) continue;
      await file.writeFile(chunk);
      chunk = "";
    }
    await file.writeFile(chunk);
  });
}

/** Has a file written under another name, which becomes `path` only when that succeeds. */
async function writeWhole(path: string, write: (partial: string) => Promise<void>): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await write(partial);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
