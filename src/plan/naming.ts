import { hash } from "node:crypto";
import { ReportedError } from "../sweep/errors.ts";
import type { Cursor, Parameters, Space, Sweep, Value } from "../sweep/sweep.ts";
import { canonicalJson } from "./canonical.ts";
import { findDuplicates, foldCase } from "./duplicates.ts";
import { MAX_NAME_BYTES, nameProblem, sanitize } from "./name.ts";
import { cursorText, type Part, templateParts } from "./text.ts";

/** A name holds no folders: the sweep file's schema has made sure of it. */
const NO_FOLDERS = { input: "", output: "" };

/** The name of the point at which a cursor stands. */
export type Namer = (cursor: Cursor) => string;

/**
 * Names every point of a sweep and makes sure that the names are safe and unique, also on a file
 * system that ignores letter case. Visits every point; memory does not grow with their number
 * beyond one bit a point. Throws ReportedError (2) for an explicit name that is unsafe or that
 * two points share.
 */
export function namer(sweep: Sweep): Namer {
  return sweep.pointName === null ? defaultNamer(sweep.space) : explicitNamer(sweep);
}

function explicitNamer(sweep: Sweep): Namer {
  const template = sweep.pointName;
  if (template === null) throw new TypeError("a sweep without point-name has default names");
  const text = cursorText(templateParts(template, NO_FOLDERS), sweep.space);
  const name: Namer = (cursor) => text(cursor, "");
  const where = `${sweep.file ?? sweep.name}: point-name "${template.source}"`;
  duplicates(
    sweep.space,
    (cursor, see) => {
      const made = name(cursor);
      const problem = nameProblem(made);
      if (problem !== null) {
        throw new ReportedError(
          2,
          `${where} names point ${described(cursor)} ${JSON.stringify(made)}, which ${problem}.\nA point's name becomes a folder: letters, digits and ._=+,@- are always safe.`,
        );
      }
      see(made);
    },
    (earlier, later) => {
      const [first, second] = [at(sweep.space, earlier), at(sweep.space, later)];
      const [one, other] = [name(first), name(second)];
      if (foldCase(one) !== foldCase(other)) return;
      const same =
        one === other
          ? `gives two points the name "${one}"`
          : `names two points "${one}" and "${other}", one folder where letter case is ignored`;
      throw new ReportedError(
        2,
        `${where} ${same}:\n  point ${described(first)}\n  point ${described(second)}\nPut every parameter that varies into it, or {{ point.index }}.`,
      );
    },
  );
  return name;
}

function defaultNamer(space: Space): Namer {
  const base = cursorText(defaultParts(space), space);
  const shared = bits(space.count);
  /** Points whose hash is another point's too: next to none. */
  const salts = new Map<number, number>();

  const name: Namer = (cursor) => {
    const text = base(cursor, "");
    const salt = salts.size === 0 ? 0 : (salts.get(cursor.index) ?? 0);
    const hashed = salt > 0 || (shared.any && shared.has(cursor.index));
    if (!hashed && cursor.ordinal === 0 && text.length <= MAX_NAME_BYTES) return text;
    return suffixed(text, cursor, hashed, salt);
  };

  // Points with different parameters and one text: each of them gets a hash.
  let repeats = false;
  let cuts = false;
  duplicates(
    space,
    (cursor, see) => {
      const text = base(cursor, "");
      if (cursor.ordinal === 0) see(text);
      repeats ||= cursor.ordinal > 0;
      cuts ||= text.length > MAX_NAME_BYTES;
    },
    (earlier, later) => {
      shared.add(earlier);
      shared.add(later);
    },
  );
  // A repeated draw has the name of its first, so it gets a hash where that one has it.
  if (repeats && shared.any) {
    duplicates(
      space,
      (cursor, see) => {
        if (cursor.ordinal > 0 || shared.has(cursor.index)) see(base(cursor, ""));
      },
      (earlier, later) => {
        if (shared.has(earlier)) shared.add(later);
      },
    );
  }
  // What suffixes made can meet another name by chance: a salt makes another hash.
  let met = repeats || cuts || shared.any;
  while (met) {
    met = false;
    duplicates(
      space,
      (cursor, see) => see(name(cursor)),
      (_earlier, later) => {
        salts.set(later, (salts.get(later) ?? 0) + 1);
        met = true;
      },
    );
  }
  return name;
}

/** `findDuplicates` over the points of a space. */
function duplicates(
  space: Space,
  visit: (cursor: Cursor, see: (text: string) => void) => void,
  found: (earlier: number, later: number) => void,
): void {
  findDuplicates(
    space.count,
    (see) => {
      const cursor = space.cursor();
      const seeHere = (text: string) => see(text, cursor.index);
      while (cursor.next()) visit(cursor, seeHere);
    },
    found,
  );
}

/** `name=value` joined by `_`, in parameter order, without what a file name should not have. */
function defaultParts(space: Space): Part[] {
  const [first] = space.names;
  const pairs = space.names.map((name) => ({ name, before: `${plain(name)}=` }));
  if (first === undefined || space.lacking(first) !== null) {
    const joined = (parameters: Parameters) =>
      Object.entries(parameters)
        .map(([name, value]) => `${plain(name)}=${valueText(value)}`)
        .join("_");
    return [{ kind: "parameters", text: joined }];
  }
  return pairs.map(({ name, before }, i) => {
    const start = i === 0 ? before : `_${before}`;
    const text = (value: Value | undefined) =>
      value === undefined ? "" : start + valueText(value);
    return { kind: "value", name, text };
  });
}

function valueText(value: Value): string {
  // Digits, signs, a point and an `e` are safe.
  return typeof value === "number" ? String(value) : plain(String(value));
}

/** No `=`, so that it stands between a name and its value alone; no dot where a name may end. */
function plain(text: string): string {
  return sanitize(text).replaceAll("=", "-").replace(/\.$/, "-");
}

/** The text with what tells the point apart behind it, cut to what a name may have. */
function suffixed(text: string, cursor: Cursor, hashed: boolean, salt: number): string {
  const ordinal = cursor.ordinal === 0 ? "" : `-${cursor.ordinal + 1}`;
  const whole = text + ordinal;
  if (whole.length <= MAX_NAME_BYTES && !hashed) return whole;
  const parameters = canonicalJson(cursor.parameters());
  const digest = hash("sha256", salt === 0 ? parameters : `${parameters}${salt}`).slice(0, 8);
  const end = `-${digest}${ordinal}`;
  return text.slice(0, MAX_NAME_BYTES - end.length) + end;
}

/** A set of indices at one bit each, which takes no memory before the first. */
function bits(count: number) {
  let bytes: Uint8Array | null = null;
  return {
    get any() {
      return bytes !== null;
    },
    has: (index: number) => ((bytes?.[index >>> 3] ?? 0) & (1 << (index & 7))) !== 0,
    add: (index: number) => {
      bytes ??= new Uint8Array(Math.ceil(count / 8));
      bytes[index >>> 3] = (bytes[index >>> 3] ?? 0) | (1 << (index & 7));
    },
  };
}

function at(space: Space, index: number): Cursor {
  const cursor = space.cursor(index, index + 1);
  cursor.next();
  return cursor;
}

function described(cursor: Cursor): string {
  return `${cursor.index}: ${JSON.stringify(cursor.parameters())}`;
}
