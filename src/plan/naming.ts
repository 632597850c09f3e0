import { hash } from "node:crypto";
import { keyError } from "../sweep/errors.ts";
import type { Cursor, Parameters, Space, Sweep, Value } from "../sweep/sweep.ts";
import { provenDistinct } from "./distinct.ts";
import { findDuplicates, foldCase } from "./duplicates.ts";
import { MAX_NAME_BYTES, nameProblem, sanitize } from "./name.ts";
import { cursorText, type Part, templateParts } from "./text.ts";

/** A name holds no folders: the sweep file's schema has made sure of it. */
const NO_FOLDERS = { input: "", output: "" };

/** The name of the point at which a cursor stands. */
export type Namer = (cursor: Cursor) => string;

/**
 * Names every point of a sweep and makes sure that the names are safe and unique, also on a file
 * system that ignores letter case. Visits the points unless their names are proven distinct from
 * the dimensions; memory does not grow with their number beyond one bit a point. Throws SweepError
 * for an explicit name that is unsafe or that two points share.
 */
export function namer(sweep: Sweep): Namer {
  return sweep.pointName === null ? defaultNamer(sweep.space) : explicitNamer(sweep);
}

function explicitNamer(sweep: Sweep): Namer {
  const template = sweep.pointName;
  if (template === null) throw new TypeError("a sweep without point-name has default names");
  const parts = templateParts(template, NO_FOLDERS);
  const text = cursorText(parts, sweep.space);
  const wrong = (message: string, hint: string) =>
    keyError(sweep, "point-name", `point-name ${message}`, hint);
  const checked: Namer = (cursor) => {
    const name = text(cursor, "");
    const problem = nameProblem(name);
    if (problem === null) return name;
    throw wrong(
      `names point ${described(cursor)} ${JSON.stringify(name)}, which ${problem}`,
      "a point's name becomes a folder: letters, digits and ._=+,@- are always safe",
    );
  };
  const compare = (earlier: number, later: number) => {
    const [first, second] = [at(sweep.space, earlier), at(sweep.space, later)];
    const [one, other] = [text(first, ""), text(second, "")];
    if (foldCase(one) !== foldCase(other)) return;
    const same =
      one === other
        ? `gives two points the name "${one}"`
        : `names two points "${one}" and "${other}", one folder where letter case is ignored`;
    throw wrong(
      `${same}: point ${described(first)} and point ${described(second)}`,
      "put every parameter that varies into it, or {{ point.index }}",
    );
  };
  if (provenDistinct(parts, sweep.space) === null) {
    duplicates(sweep.space, (cursor, see) => see(checked(cursor)), compare);
  } else {
    const cursor = sweep.space.cursor();
    while (cursor.next()) checked(cursor);
  }
  return (cursor) => text(cursor, "");
}

function defaultNamer(space: Space): Namer {
  const parts = defaultParts(space);
  const base = cursorText(parts, space);
  const longest = provenDistinct(parts, space);
  if (longest !== null && longest <= MAX_NAME_BYTES) return (cursor) => base(cursor, "");

  const identity = cursorText(identityParts(space), space);
  const shared = bits(space.count);
  /** Points whose hash is another point's too: next to none. */
  const salts = new Map<number, number>();

  const name: Namer = (cursor) => {
    const text = base(cursor, "");
    const salt = salts.size === 0 ? 0 : (salts.get(cursor.index) ?? 0);
    const hashed = salt > 0 || (shared.any && shared.has(cursor.index));
    if (!hashed && cursor.ordinal === 0 && text.length <= MAX_NAME_BYTES) return text;
    const ordinal = cursor.ordinal === 0 ? "" : `-${cursor.ordinal + 1}`;
    if (!hashed && text.length + ordinal.length <= MAX_NAME_BYTES) return text + ordinal;
    const told = identity(cursor, "") + (salt === 0 ? "" : salt);
    const end = `-${hash("sha256", told).slice(0, 8)}${ordinal}`;
    return text.slice(0, MAX_NAME_BYTES - end.length) + end;
  };

  // Points with different parameters and one text: each of them gets a hash.
  let repeats = false;
  let cuts = false;
  duplicates(
    space,
    (cursor, see) => {
      const text = base(cursor, "");
      if (text.length > MAX_NAME_BYTES) cuts = true;
      else if (cursor.ordinal > 0) repeats = true;
      else see(text);
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
  if (first === undefined || space.lacking(first) !== null) {
    const joined = (parameters: Parameters) =>
      Object.entries(parameters)
        .map(([name, value]) => `${plainName(name)}=${valueText(value)}`)
        .join("_");
    return [{ kind: "parameters", text: joined }];
  }
  return space.names.flatMap((name, i): Part[] => {
    const start = `${i === 0 ? "" : "_"}${plainName(name)}=`;
    if (space.lacking(name) === null) return [start, { kind: "value", name, text: valueText }];
    const text = (value: Value | undefined) =>
      value === undefined ? "" : start + valueText(value);
    return [{ kind: "value", name, text }];
  });
}

function valueText(value: Value | undefined): string {
  // Digits, signs, a point and an `e` are safe.
  return typeof value === "number" ? String(value) : plain(String(value));
}

/** No dot, which would make `con.x=1` a name that Windows reserves. */
function plainName(name: string): string {
  return plain(name).replaceAll(".", "-");
}

/** No `=`, so that it stands between a name and its value alone; no dot where a name may end. */
function plain(text: string): string {
  return sanitize(text).replaceAll("=", "-").replace(/\.$/, "-");
}

/** A text that tells points with different parameters apart. */
function identityParts(space: Space): Part[] {
  return space.names.map((name) => {
    const start = `${JSON.stringify(name)}:`;
    const text = (value: Value | undefined) =>
      value === undefined ? "" : `${start}${JSON.stringify(value)},`;
    return { kind: "value", name, text };
  });
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
  return `${cursor.index} ${JSON.stringify(cursor.parameters())}`;
}
