import { open, rename, rm } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { BasicType } from "hyparquet-writer";
import type { Cell, Column, Row } from "./layout.ts";

/**
 * - csv: RFC 4180 with LF, UTF-8, a line of headings; missing is an empty cell, an empty string
 *   is `""`.
 * - jsonl: an object a line, its members in the layout's order; missing is null.
 * - parquet: booleans, INT64, DOUBLE and UTF-8 strings, all of them optional; a column of mixed
 *   types is written as text. https://parquet.apache.org/docs/file-format/
 */
export type Format = "csv" | "jsonl" | "parquet";

export interface Table {
  readonly format: Format;
  readonly path: string;
}

/** Rows that all tables get before the next are read. */
const BATCH = 1000;

/**
 * Writes the same rows as one or several tables, reading them once and holding few of them. The
 * files appear whole, when all of them are.
 */
export async function exportTables(
  rows: Iterable<Row>,
  layout: readonly Column[],
  tables: readonly Table[],
): Promise<void> {
  const partial = (path: string) => `${path}.partial`;
  try {
    await writeTables(
      rows,
      layout,
      tables.map(({ format, path }) => ({ format, path: partial(path) })),
    );
    for (const { path } of tables) await rename(partial(path), path);
  } catch (error) {
    for (const { path } of tables) await rm(partial(path), { force: true });
    throw error;
  }
}

interface Writer {
  write(rows: readonly Row[]): Promise<void>;
  finish(): Promise<void>;
}

async function writeTables(
  rows: Iterable<Row>,
  layout: readonly Column[],
  tables: readonly Table[],
): Promise<void> {
  await using files = new AsyncDisposableStack();
  const writers: Writer[] = [];
  for (const { format, path } of tables) writers.push(await WRITERS[format](path, layout, files));
  const write = async (batch: readonly Row[]) => {
    for (const writer of writers) await writer.write(batch);
    // A turn for timers and signals.
    await nextTurn();
  };
  let batch: Row[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < BATCH) continue;
    await write(batch);
    batch = [];
  }
  await write(batch);
  for (const writer of writers) await writer.finish();
}

type OpenWriter = (
  path: string,
  layout: readonly Column[],
  files: AsyncDisposableStack,
) => Promise<Writer>;

const WRITERS: Readonly<Record<Format, OpenWriter>> = {
  csv: async (path, layout, files) => {
    const line = (cells: readonly Cell[]) => `${cells.map(csvCell).join(",")}\n`;
    const headings = line(layout.map(({ heading }) => heading));
    return await textWriter(path, files, headings, (row) =>
      line(layout.map((column) => column.cell(row))),
    );
  },
  jsonl: async (path, layout, files) => {
    // By hand, because an object would move names that look like integers to the front.
    const members = layout.map(({ heading, cell }) => ({
      key: `${JSON.stringify(heading)}:`,
      cell,
    }));
    return await textWriter(
      path,
      files,
      "",
      (row) => `{${members.map(({ key, cell }) => key + JSON.stringify(cell(row))).join(",")}}\n`,
    );
  },
  parquet: parquetWriter,
};

/** A cell as RFC 4180 has it. */
function csvCell(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell !== "string") return String(cell);
  if (cell !== "" && !/[",\r\n]/.test(cell)) return cell;
  return `"${cell.replaceAll('"', '""')}"`;
}

async function textWriter(
  path: string,
  files: AsyncDisposableStack,
  head: string,
  line: (row: Row) => string,
): Promise<Writer> {
  const file = files.use(await open(path, "w"));
  await file.writeFile(head);
  return {
    write: async (rows) => {
      await file.writeFile(rows.map(line).join(""));
    },
    finish: async () => {},
  };
}

/** Cells that are held in memory for one row group. */
const GROUP_CELLS = 300_000;

const PARQUET = {
  string: { type: "STRING", convert: String },
  boolean: { type: "BOOLEAN", convert: Boolean },
  integer: { type: "INT64", convert: (value) => BigInt(Math.round(Number(value))) },
  number: { type: "DOUBLE", convert: Number },
} as const satisfies Record<
  Column["type"],
  { readonly type: BasicType; convert(value: string | number | boolean): unknown }
>;

async function parquetWriter(path: string, layout: readonly Column[]): Promise<Writer> {
  // Loaded here, since most commands never write Parquet.
  const { fileWriter, ParquetWriter, schemaFromColumnData } = await import("hyparquet-writer");
  const groupRows = Math.max(100, Math.floor(GROUP_CELLS / layout.length));
  const columns = layout.map(({ heading, type, cell }) => ({
    source: { name: heading, type: PARQUET[type].type, data: [] as unknown[] },
    convert: PARQUET[type].convert,
    cell,
  }));
  const columnData = columns.map(({ source }) => source);
  const schema = schemaFromColumnData({ columnData });
  const parquet = new ParquetWriter({ writer: fileWriter(path), schema });
  let held = 0;
  const writeGroup = async () => {
    await parquet.write({ columnData, rowGroupSize: groupRows });
    for (const { data } of columnData) data.length = 0;
    held = 0;
  };
  return {
    write: async (rows) => {
      for (const row of rows) {
        for (const { source, convert, cell } of columns) {
          const value = cell(row);
          source.data.push(value === null ? null : convert(value));
        }
        held += 1;
        if (held === groupRows) await writeGroup();
      }
    },
    finish: async () => {
      if (held > 0) await writeGroup();
      await parquet.finish();
    },
  };
}
