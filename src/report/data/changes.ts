import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Row } from "../../results/layout.ts";
import type { Change, ExecutionData } from "../document.ts";
import { clean, cut, shellWord } from "../markdown.ts";
import type { Pair } from "./pairs.ts";

/** What is known of one run. */
export interface Known {
  readonly rows: readonly Row[];
  readonly keys: readonly string[];
  /** Its last start. */
  readonly last: ExecutionData | null;
}

const DOCUMENTS = z.object({ common: z.string().nullable(), document: z.string() });
const OBJECT = z.record(z.string(), z.unknown());
/** A command or entry point, as people type it. */
const WORDS = z.array(z.string()).min(1);
const NONE = "–";
/** Values of a parameter that are written out. */
const LISTED = 12;

/** What differs between two runs before any of their results: engine, image, keys, parameters. */
export function changesOf(
  before: DatabaseSync,
  after: DatabaseSync,
  a: Known,
  b: Known,
  pairs: readonly Pair[],
): Change[] {
  const both = pairs.find((pair) => pair.a !== null && pair.b !== null && !pair.same);
  const parts = (database: DatabaseSync, known: Known, at: number | null) => {
    const key = known.keys[at ?? 0];
    return key === undefined ? {} : keyParts(database, key);
  };
  // Two points of one name whose keys differ say why; else any of each run.
  const one = parts(before, a, both?.a ?? null);
  const other = parts(after, b, both?.b ?? null);
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  // The points' own parts are compared as sets of values, below.
  const skipped = new Set(["parameters", "ordinal", ...(both === undefined ? ["command"] : [])]);
  return [
    change("engine", a.last?.engine, b.last?.engine),
    change("image or program", a.last?.image, b.last?.image),
    ...names
      .filter((name) => !skipped.has(name))
      .map((name) =>
        change(
          name === "image" ? "identity of its content" : name,
          written(one[name]),
          written(other[name]),
        ),
      ),
    ...parameterChanges(a.rows, b.rows),
  ].filter((one) => one.a !== one.b);
}

function change(part: string, a: string | undefined, b: string | undefined): Change {
  const text = (value: string | undefined) => cut(clean(value ?? NONE), 1000);
  return { part: cut(clean(part), 200), a: text(a), b: text(b) };
}

/** What the key of a point is made from, by its members. */
function keyParts(database: DatabaseSync, key: string): Record<string, unknown> {
  const row = database
    .prepare(
      `SELECT commons.document AS common, points.document AS document
       FROM points LEFT JOIN commons ON commons.id = points.common WHERE key = ?`,
    )
    .get(key);
  const { common, document } = DOCUMENTS.parse(row);
  return { ...OBJECT.parse(JSON.parse(common ?? "{}")), ...OBJECT.parse(JSON.parse(document)) };
}

function written(value: unknown): string | undefined {
  const words = WORDS.safeParse(value);
  if (words.success) return words.data.map(shellWord).join(" ");
  return value === undefined || typeof value === "string" ? value : JSON.stringify(value);
}

function parameterChanges(a: readonly Row[], b: readonly Row[]): Change[] {
  const [one, other] = [valuesOf(a), valuesOf(b)];
  return [...new Set([...one.keys(), ...other.keys()])].map((name) => {
    const before = one.get(name) ?? new Set<string>();
    const after = other.get(name) ?? new Set<string>();
    const isSame = before.size === after.size && before.isSubsetOf(after);
    if (isSame) return { part: name, a: "", b: "" };
    return change(`parameter ${name}`, listed(before), listed(after));
  });
}

function valuesOf(rows: readonly Row[]): Map<string, Set<string>> {
  const values = new Map<string, Set<string>>();
  for (const { parameters } of rows) {
    for (const [name, value] of Object.entries(parameters)) {
      const known = values.get(name);
      if (known === undefined) values.set(name, new Set([String(value)]));
      else known.add(String(value));
    }
  }
  return values;
}

/** The count stands first, so that long lists that differ at their ends do not look the same. */
function listed(values: ReadonlySet<string>): string {
  if (values.size === 0) return NONE;
  const texts = [...values];
  if (texts.length <= LISTED) return texts.join(", ");
  return `${texts.length} values: ${texts.slice(0, 6).join(", ")}, … ${texts.slice(-3).join(", ")}`;
}
