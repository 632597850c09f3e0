import { closeSync, fstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openRegular } from "./hash.ts";

/** What a point reports about itself, in the order in which it wrote it. Null is missing. */
export type Metrics = Readonly<Record<string, number | string | boolean | null>>;

/** A `result.json` that is no metrics: the message is the reason for which the point failed. */
export class MetricsError extends Error {
  override readonly name = "MetricsError";
}

const FILE = "result.json";
const MAX_BYTES = 1024 * 1024;
const MAX_KEYS = 1000;

/**
 * Reads the metrics of the point whose outputs are in `folder`; null where it wrote none.
 *
 * @throws MetricsError where `result.json` is no regular file of at most 1 MiB, or no metrics.
 */
export async function readMetrics(folder: string): Promise<Metrics | null> {
  const bytes = readRegularFile(join(folder, FILE));
  if (bytes === null) return null;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new MetricsError(`${FILE} is not UTF-8 text`, { cause });
  }
  return parseMetrics(text);
}

/** Null where there is none. */
function readRegularFile(path: string): Buffer | null {
  let file: number;
  try {
    file = openRegular(path);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : null;
    if (code === "ENOENT") return null;
    if (code === "ELOOP") throw new MetricsError(`${FILE} is a symbolic link`, { cause });
    // A socket answers ENXIO; without a code, openRegular itself has refused.
    const reason =
      code === null || code === "ENXIO" ? "is not a regular file" : `cannot be read: ${code}`;
    throw new MetricsError(`${FILE} ${reason}`, { cause });
  }
  try {
    const { size } = fstatSync(file);
    if (size > MAX_BYTES) {
      throw new MetricsError(`${FILE} has ${size} bytes, more than the ${MAX_BYTES} allowed`);
    }
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Parses a flat JSON object of numbers, strings, booleans and nulls. NaN, the infinities and
 * numbers too large for a double are missing. Half a surrogate pair becomes U+FFFD.
 *
 * @throws MetricsError with line and column for text that is not JSON, nested values, a key
 *   that comes twice or is empty, or more than 1,000 keys.
 */
export function parseMetrics(text: string): Metrics {
  const { next, found, problem } = reader(text.startsWith("\ufeff") ? text.slice(1) : text);
  const metrics = new Map<string, number | string | boolean | null>();

  const member = (token: Token): void => {
    if (token.kind !== "string") {
      throw problem(`expected a metric's name in double quotes, found ${found()}`);
    }
    const name = token.value;
    if (name === "") throw problem("a metric's name is empty");
    if (metrics.has(name)) throw problem(`the metric ${JSON.stringify(name)} is there twice`);
    if (metrics.size === MAX_KEYS) throw problem(`there are more than ${MAX_KEYS} metrics`);
    if (!isMark(next(), ":")) throw problem(`expected ":", found ${found()}`);
    const value = next();
    if (isMark(value, "{") || isMark(value, "[")) {
      const kind = isMark(value, "{") ? "an object" : "a list";
      throw problem(
        `the metric ${JSON.stringify(name)} is ${kind}; ` +
          "metrics are numbers, strings, booleans or null",
      );
    }
    if (value.kind === "mark" || value.kind === "end") {
      throw problem(`expected a value, found ${found()}`);
    }
    metrics.set(name, value.value);
  };

  if (!isMark(next(), "{")) throw problem('expected an object: {"name": value, ...}');
  let token = next();
  if (!isMark(token, "}")) {
    member(token);
    for (token = next(); isMark(token, ","); token = next()) member(next());
    if (!isMark(token, "}")) throw problem(`expected "," or "}", found ${found()}`);
  }
  if (next().kind !== "end") throw problem(`unexpected ${found()} after the object`);
  // fromEntries defines, so that a metric may even be called __proto__.
  return Object.fromEntries(metrics);
}

type Token =
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "value"; readonly value: number | boolean | null }
  | { readonly kind: "mark"; readonly value: string }
  | { readonly kind: "end" };

interface Reader {
  /** The next token, always read on. */
  next(): Token;
  /** How a message names what stands where the last token began. */
  found(): string;
  /** The reason with the place where the last token began. */
  problem(message: string): MetricsError;
}

/** The tokens of JSON (RFC 8259), with words for what JSON or Python write as one. */
const TOKEN =
  /(?<string>"[^"\\]*(?:\\[\s\S][^"\\]*)*")|(?<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9A-Za-z_.]))|(?<word>-?[A-Za-z_][0-9A-Za-z_]*)|(?<mark>[{}[\]:,])/y;
const SPACE = /[\t\n\r ]*/y;

/** `true`, `false`, `null`, and as missing what Python's json module writes beyond JSON. */
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ["true", true],
  ["false", false],
  ["null", null],
  ["NaN", null],
  ["Infinity", null],
  ["-Infinity", null],
]);

function reader(source: string): Reader {
  let start = 0;
  let end = 0;

  const problem = (message: string): MetricsError => {
    const lines = source.slice(0, start).split("\n");
    const column = (lines.at(-1) ?? "").length + 1;
    return new MetricsError(`${FILE}:${lines.length}:${column}: ${message}`);
  };

  const found = (): string => {
    if (start >= source.length) return "the end of the file";
    const token = /^(?:[0-9A-Za-z_.+-]{1,20}|.)/su.exec(source.slice(start, start + 20));
    return JSON.stringify(token?.[0]);
  };

  const next = (): Token => {
    SPACE.lastIndex = end;
    SPACE.exec(source);
    start = SPACE.lastIndex;
    if (start === source.length) return { kind: "end" };
    TOKEN.lastIndex = start;
    const groups = TOKEN.exec(source)?.groups;
    if (groups === undefined) {
      throw problem(source[start] === '"' ? "this string does not end" : `unexpected ${found()}`);
    }
    end = TOKEN.lastIndex;
    if (groups.string !== undefined) return { kind: "string", value: string(groups.string) };
    if (groups.mark !== undefined) return { kind: "mark", value: groups.mark };
    if (groups.number !== undefined) {
      const value = Number(groups.number);
      return { kind: "value", value: Number.isFinite(value) ? value : null };
    }
    const word = WORDS.get(groups.word ?? "");
    if (word === undefined) throw problem(`unexpected ${found()}`);
    return { kind: "value", value: word };
  };

  const string = (literal: string): string => {
    try {
      return String(JSON.parse(literal)).toWellFormed();
    } catch {
      throw problem("this string holds an unescaped control character or a wrong escape");
    }
  };

  return { next, found, problem };
}

function isMark(token: Token, mark: string): boolean {
  return token.kind === "mark" && token.value === mark;
}
