import { isScalar, Schema } from "yaml";
import type { Value } from "../sweep.ts";
import { RESERVED_NAMES } from "../template.ts";
import { FileProblem, readTextFile } from "./files.ts";
import { PARAMETER_NAME, PARAMETER_NAME_EXPECTED } from "./parameter-schema.ts";
import type { Report, Source } from "./source.ts";
import { numberProblem, type Respelled } from "./values.ts";

/** A table file: its columns become parameters that are zipped. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
  readonly source: Source;
  /** Where each row begins in the file, for errors. */
  readonly offsets: readonly number[];
  /** Numbers that are written in another way than in the file, by column. */
  readonly respelled: readonly (readonly Respelled[])[];
}

const MAX_BYTES = 64 * 1024 * 1024;
/** More errors of one kind teach nothing. */
const MAX_ERRORS = 20;

/** Reads a .csv or .jsonl file. Reports what is wrong in it and returns null. Throws FileProblem. */
export function readTable(path: string, shown: string, report: Report): Table | null {
  const csv = /\.csv$/i.test(path);
  if (!csv && !/\.(?:jsonl|ndjson)$/i.test(path)) {
    throw new FileProblem("is no table", "tables are .csv and .jsonl files");
  }
  const source = { name: shown, text: readTextFile(path, MAX_BYTES) };
  return csv ? csvTable(source, report) : jsonLinesTable(source, report);
}

interface Cell {
  readonly text: string;
  readonly offset: number;
}

/**
 * The cells of a CSV text by RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180), with LF or CRLF.
 * Own code: a cell's place is wanted, which csv libraries do not give. Blank lines are left out.
 */
function* csvRecords(source: Source, report: Report): Generator<readonly Cell[]> {
  const text = source.text ?? "";
  const end = /[,\n]/g;
  let cells: Cell[] = [];
  let at = 0;
  while (at < text.length) {
    const offset = at;
    let cell: string;
    if (text.charAt(at) === '"') {
      cell = "";
      at++;
      for (;;) {
        const close = text.indexOf('"', at);
        if (close === -1) {
          report.error({ source, offset }, "the quote is not closed");
          return;
        }
        cell += text.slice(at, close);
        at = close + 1;
        if (text.charAt(at) !== '"') break;
        cell += '"';
        at++;
      }
      if (!/^(?:,|\r?\n|\r?$)/.test(text.slice(at, at + 2))) {
        report.error(
          { source, offset: at },
          "a closing quote must end the cell",
          'write "" for a quote',
        );
        return;
      }
    } else {
      end.lastIndex = at;
      at = end.exec(text)?.index ?? text.length;
      cell = text.slice(offset, at).trim();
    }
    cells.push({ text: cell, offset });
    if (text.startsWith("\r", at)) at++;
    if (text.charAt(at) === ",") {
      at++;
      if (at < text.length) continue;
      cells.push({ text: "", offset: at });
    }
    at++;
    if (cells.length > 1 || cells[0]?.text !== "" || text.charAt(offset) === '"') yield cells;
    cells = [];
  }
}

function csvTable(source: Source, report: Report): Table | null {
  const before = report.diagnostics.length;
  const many = () => report.diagnostics.length - before >= MAX_ERRORS;
  let columns: readonly string[] | null = null;
  const rows: Value[][] = [];
  const offsets: number[] = [];
  const respelled: Respelled[][] = [];
  for (const cells of csvRecords(source, report)) {
    const start = cells[0]?.offset ?? 0;
    if (columns === null) {
      columns = checkColumns(cells, source, report);
      respelled.push(...columns.map(() => []));
      continue;
    }
    if (many()) return null;
    if (cells.length !== columns.length) {
      const last = cells[Math.min(cells.length, columns.length + 1) - 1];
      report.error(
        { source, offset: last?.offset ?? start },
        `the row has ${count(cells.length, "cell")}, and the header has ${columns.length}`,
      );
      continue;
    }
    const row: Value[] = [];
    for (const [index, { text, offset }] of cells.entries()) {
      const value = typed(text);
      const problem =
        value === null
          ? `the cell of column ${columns[index]} ${text === "" ? "is empty" : "is null"}`
          : typeof value === "number"
            ? numberProblem(value, text)
            : null;
      if (problem !== null) report.error({ source, offset }, problem, "every row needs a value");
      if (typeof value === "number" && String(value) !== text) {
        respelled[index]?.push({ place: { source, offset }, text, value });
      }
      if (value !== null) row.push(value);
    }
    rows.push(row);
    offsets.push(start);
  }
  if (columns === null && report.diagnostics.length === before) {
    report.error({ source, offset: 0 }, "the table is empty", "the first line names the columns");
  }
  if (report.diagnostics.length > before || columns === null) return null;
  return { columns, rows, source, offsets, respelled };
}

function checkColumns(cells: readonly Cell[], source: Source, report: Report): readonly string[] {
  const columns = cells.map(({ text }) => text);
  for (const [index, { text, offset }] of cells.entries()) {
    const place = { source, offset };
    if (text === "")
      report.error(place, `column ${index + 1} has no name`, PARAMETER_NAME_EXPECTED);
    else checkColumn(text, place, columns.indexOf(text) < index, report);
  }
  return columns;
}

function checkColumn(
  name: string,
  place: { source: Source; offset: number },
  twice: boolean,
  report: Report,
): void {
  if (!PARAMETER_NAME.test(name) || name === "__proto__") {
    const hint = /[;\t]/.test(name) ? "columns are separated by commas" : PARAMETER_NAME_EXPECTED;
    report.error(place, `the column ${JSON.stringify(name)} cannot be a parameter's name`, hint);
  } else if (RESERVED_NAMES.includes(name)) {
    report.error(place, `the column ${name} has a reserved name`, reservedHint());
  } else if (twice) {
    report.error(place, `the column ${name} is here a second time`, "give it another name");
  }
}

export function reservedHint(): string {
  return `${RESERVED_NAMES.join(", ")} mean something else in placeholders: choose another name`;
}

const CORE = new Schema({ schema: "core" }).tags.flatMap((tag) =>
  !tag.collection && tag.default === true && tag.test !== undefined
    ? [{ test: tag.test, resolve: tag.resolve }]
    : [],
);

/** What YAML's core schema makes of a plain scalar; null for an empty one and for null. */
function typed(text: string): Value | null {
  if (text === "") return null;
  // Most cells of long tables: what the tags below would say, found sooner.
  if (/^(?:0|-?[1-9]\d{0,14})$/.test(text)) return Number(text);
  if (/^[^-+.~0-9TtFfNn]/.test(text)) return text;
  const tag = CORE.find(({ test }) => test.test(text));
  if (tag === undefined) return text;
  const resolved = tag.resolve(text, () => undefined, {});
  const value = isScalar(resolved) ? resolved.value : resolved;
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  return typeof value === "number" ? (value === 0 ? 0 : value) : text;
}

function jsonLinesTable(source: Source, report: Report): Table | null {
  const before = report.diagnostics.length;
  let columns: readonly string[] | null = null;
  const rows: Value[][] = [];
  const offsets: number[] = [];
  let offset = 0;
  for (const line of (source.text ?? "").split("\n")) {
    const place = { source, offset };
    const at = (key: string) => {
      const found = line.indexOf(JSON.stringify(key));
      return { source, offset: place.offset + Math.max(0, found) };
    };
    offset += line.length + 1;
    if (line.trim() === "") continue;
    if (report.diagnostics.length - before >= MAX_ERRORS) return null;
    const object = parseLine(line, place, report);
    if (object === null) continue;
    if (columns === null) {
      columns = Object.keys(object);
      for (const name of columns) checkColumn(name, at(name), false, report);
      if (columns.length === 0) report.error(place, "the row has no values");
    }
    const missing = columns.find((name) => !Object.hasOwn(object, name));
    const added = Object.keys(object).find((name) => columns?.includes(name) === false);
    if (missing !== undefined)
      report.error(place, `the row has no ${missing}`, "every row has the keys of the first");
    if (added !== undefined) {
      report.error(
        at(added),
        `the first row has no ${added}`,
        "every row has the keys of the first",
      );
    }
    const row: Value[] = [];
    for (const name of columns) {
      const value = Object.hasOwn(object, name) ? object[name] : undefined;
      if (value === undefined) continue;
      const problem = jsonProblem(value, line, name);
      if (problem !== null) report.error(at(name), `${name}: ${problem}`);
      else if (isValue(value)) row.push(value === 0 ? 0 : value);
    }
    rows.push(row);
    offsets.push(place.offset);
  }
  if (columns === null && report.diagnostics.length === before) {
    report.error({ source, offset: 0 }, "the table is empty", "each line is an object of values");
  }
  if (report.diagnostics.length > before || columns === null) return null;
  return { columns, rows, source, offsets, respelled: [] };
}

function isValue(value: unknown): value is Value {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function jsonProblem(value: unknown, line: string, name: string): string | null {
  if (!isValue(value)) {
    return `expected a text, a number, true or false, got ${
      value === null ? "null" : Array.isArray(value) ? "a list" : "an object"
    }`;
  }
  if (typeof value !== "number" || Number.isSafeInteger(value)) return null;
  // JSON.parse rounds silently: what stands in the line decides.
  const key = line.indexOf(JSON.stringify(name));
  const [, written] = /^"[^"]*"\s*:\s*([-+.\deE]+)/.exec(line.slice(Math.max(0, key))) ?? [];
  return numberProblem(value, written ?? String(value));
}

function parseLine(
  line: string,
  place: { source: Source; offset: number },
  report: Report,
): Readonly<Record<string, unknown>> | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    // Node names the position in some messages only.
    const position = /position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
    report.error(
      { source: place.source, offset: place.offset + Number(position ?? 0) },
      "the line is no JSON",
      'each line is an object such as {"n": 1, "mode": "fast"}',
    );
    return null;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  report.error(place, "the line is no JSON object", 'write {"n": 1, "mode": "fast"}');
  return null;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
