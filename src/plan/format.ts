import { ReportedError } from "../sweep/errors.ts";
import type { Cursor, Value } from "../sweep/sweep.ts";
import type { Plan } from "./plan.ts";
import type { Point } from "./point.ts";
import { type CursorText, cursorText, type Part, templateParts } from "./text.ts";

/** Makes a point's content key; null where keys are not asked for. */
export type KeyOf = ((point: Point) => string) | null;

/** Folders as containers see them: a plan's command runs nowhere yet. */
const FOLDERS = { output: "/mnt/data", input: "/mnt/input" };

/** UTF-16 code units that a chunk has at least: few large writes. */
const CHUNK = 32 * 1024;

/** Rows that a table shows. */
const TABLE_ROWS = 20;

/** https://docs.github.com/actions/reference/limits */
const MATRIX_JOBS = 256;

/** Any character that JSON may escape; of surrogates the halves that stand alone. */
const JSON_ESCAPES = /["\\\p{Cc}\ud800-\udfff]/v;

/**
 * The plan as JSON lines, `{"index","name","parameters","command"}` and, with keys, `"key"`;
 * `command` holds the rendered arguments without entry point or process words. Each text that
 * this yields has many lines.
 */
export function planJsonl(plan: Plan, keyOf: KeyOf): IterableIterator<string> {
  const record = jsonRecord(plan, keyOf);
  return chunks(plan, (cursor, name) => `${record(cursor, name)}\n`);
}

/** The plan as one JSON object: `{"name","count","points"}`, the points as `planJsonl` has them. */
export function* planJson(plan: Plan, keyOf: KeyOf): IterableIterator<string> {
  const record = jsonRecord(plan, keyOf);
  yield `{"name":${JSON.stringify(plan.sweep.name)},"count":${plan.count},"points":[\n`;
  const last = plan.count - 1;
  yield* chunks(
    plan,
    (cursor, name) => `${record(cursor, name)}${cursor.index === last ? "\n" : ",\n"}`,
  );
  yield "]}\n";
}

/**
 * The plan as CSV (RFC 4180, but LF): index, name, the parameters, `command` as a JSON array and,
 * with keys, `key`. A parameter named like one of these is headed `param.<name>`; a cell is empty
 * where a point lacks the parameter.
 */
export function* planCsv(plan: Plan, keyOf: KeyOf): IterableIterator<string> {
  const { names } = plan.sweep.space;
  const own = ["index", "name", "command", "key"];
  const heads = names.map((name) => {
    let head = name;
    while (own.includes(name) && (head === name || names.includes(head))) head = `param.${head}`;
    return head;
  });
  const header = ["index", "name", ...heads, "command", ...(keyOf === null ? [] : ["key"])];
  yield `${header.map(csvCell).join(",")}\n`;

  const cells = names.flatMap((name): Part[] => {
    const text = (value: Value | undefined) => (value === undefined ? "" : csvCell(String(value)));
    return [{ kind: "value", name, text }, ","];
  });
  const command = commandParts(plan, (text) => jsonInside(text).replaceAll('"', '""'), '""');
  const rest = cursorText([...cells, '"', ...command, '"'], plan.sweep.space);
  yield* chunks(plan, (cursor, name) => {
    const key = keyOf === null ? "" : `,${keyOf(pointAt(cursor, name))}`;
    return `${cursor.index},${csvCell(name)},${rest(cursor, name)}${key}\n`;
  });
}

/** The plan's first points as a table at most `width` columns wide, and how many there are. */
export function planTable(plan: Plan, width: number): string {
  const { names } = plan.sweep.space;
  const points = [...plan.points(0, TABLE_ROWS)];
  const rows = points.map(({ index, name, parameters }) => [
    String(index),
    visible(name),
    ...names.map((key) => {
      const value = parameters[key];
      return value === undefined ? "" : visible(String(value));
    }),
  ]);
  const table = [["#", "name", ...names.map(visible)], ...rows];
  const isNumber = (column: number) => {
    const name = names[column - 2];
    return (
      column === 0 || points.every((point) => typeof point.parameters[name ?? ""] === "number")
    );
  };
  const widths = table[0]?.map((_, column) =>
    Math.max(...table.map((row) => length(row[column] ?? ""))),
  );
  const lines = table.map((row) => {
    const cells = row.map((cell, column) => {
      const space = " ".repeat((widths?.[column] ?? 0) - length(cell));
      return isNumber(column) ? space + cell : cell + space;
    });
    return cut(cells.join("  ").trimEnd(), width);
  });
  const count = plan.count.toLocaleString("en-US");
  const all = plan.count === 1 ? "1 point" : `${count} points`;
  lines.push("", plan.count > points.length ? `the first ${points.length} of ${all}` : all);
  return `${lines.join("\n")}\n`;
}

/**
 * The plan as the matrix of a GitHub job, `{"include":[{"index","name","parameters"}]}`, in one
 * line. Throws ReportedError (2) where a matrix cannot have so many jobs.
 */
export function planMatrix(plan: Plan): string {
  if (plan.count > MATRIX_JOBS) {
    throw new ReportedError(
      2,
      `A GitHub matrix has at most ${MATRIX_JOBS} jobs, and ${plan.sweep.name} has ${plan.count.toLocaleString("en-US")} points.\nLet the plan action cut it into shards of many points each, or give parameters fewer values, as with --param seed=1-10.`,
    );
  }
  const include = [...plan.points()].map(({ index, name, parameters }) => ({
    index,
    name,
    parameters,
  }));
  return `${JSON.stringify({ include })}\n`;
}

/** Joins the points' texts into chunks. */
function* chunks(plan: Plan, text: CursorText): IterableIterator<string> {
  const cursor = plan.sweep.space.cursor();
  let chunk = "";
  while (cursor.next()) {
    chunk += text(cursor, plan.name(cursor));
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}

/** A point as one JSON object. */
function jsonRecord(plan: Plan, keyOf: KeyOf): CursorText {
  const record = cursorText(
    [
      '{"index":',
      { kind: "index" },
      // A name has no character that JSON escapes.
      ',"name":"',
      { kind: "name" },
      '","parameters":',
      ...parameterParts(plan),
      ',"command":',
      ...commandParts(plan, jsonInside, '"'),
    ],
    plan.sweep.space,
  );
  if (keyOf === null) return (cursor, name) => `${record(cursor, name)}}`;
  return (cursor, name) => `${record(cursor, name)},"key":"${keyOf(pointAt(cursor, name))}"}`;
}

function parameterParts(plan: Plan): Part[] {
  const { names, lacking } = plan.sweep.space;
  const [first] = names;
  // The commas stand before every parameter but the first, so that one must be there.
  if (first === undefined || lacking(first) !== null) {
    return [{ kind: "parameters", text: (parameters) => JSON.stringify(parameters) }];
  }
  const members = names.map((name, i): Part => {
    const start = `${i === 0 ? "" : ","}${JSON.stringify(name)}:`;
    const text = (value: Value | undefined) =>
      value === undefined
        ? ""
        : start + (typeof value === "string" ? JSON.stringify(value) : value);
    return { kind: "value", name, text };
  });
  return ["{", ...members, "}"];
}

/** The rendered command as a JSON array, its texts through `inside` and between `quote`s. */
function commandParts(plan: Plan, inside: (text: string) => string, quote: string): Part[] {
  const words = plan.sweep.command.flatMap((word, i) => [
    i === 0 ? quote : `,${quote}`,
    ...templateParts(word, FOLDERS, inside),
    quote,
  ]);
  return ["[", ...words, "]"];
}

function pointAt(cursor: Cursor, name: string): Point {
  const { index, ordinal } = cursor;
  return { index, name, parameters: cursor.parameters(), ordinal };
}

/** A text as JSON writes it, without its quotes. */
function jsonInside(text: string): string {
  return JSON_ESCAPES.test(text) ? JSON.stringify(text).slice(1, -1) : text;
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Text for one line of a terminal: control characters as JSON escapes them. */
function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, "0");
    return `\\u${code}`;
  });
}

function length(text: string): number {
  return [...text].length;
}

function cut(line: string, width: number): string {
  const characters = [...line];
  return characters.length <= width ? line : `${characters.slice(0, width - 1).join("")}…`;
}
