import { hash } from "node:crypto";
import type { Sweep, Template } from "../sweep/sweep.ts";
import { compileTemplate, type TemplateContext } from "../sweep/template.ts";
import { canonicalJson, type Json } from "./canonical.ts";
import type { Point } from "./point.ts";

/** Part of every key: a higher number forgets all earlier results. */
const KEY_VERSION = 1;

/** Rendered templates longer than this many UTF-16 code units count by their sha256. */
const MAX_INLINE = 1024;

/** What a key covers besides sweep and point. */
export interface KeyContext {
  /** The image's identity, `sha256:<hex>`. */
  readonly identity: string;
  /** Every input's absolute path in the task, with the sha256 of its content. */
  readonly inputs: readonly { readonly to: string; readonly sha256: string }[];
}

/** What a key was made from: two JSON objects that share no member. */
export interface KeyDocument {
  /** What all points of the sweep have in common. */
  readonly common: string;
  /** What differs from point to point. */
  readonly point: string;
}

export interface Keyer {
  /** `KeyDocument.common` of every point. */
  readonly common: string;
  /** The content key, 64 hex digits, and `KeyDocument.point`. */
  key(point: Point): { readonly key: string; readonly document: string };
}

/** Folders that tasks see at different places keep their name, between characters no path has. */
const SYMBOLIC = { output: mark("output"), input: mark("input") };

/**
 * Makes content keys: the sha256 of the canonical JSON of all that a point's simulation sees, and
 * of nothing else. Every key is the same however the sweep is cut into tasks and wherever it runs.
 */
export function keyer(sweep: Sweep, context: KeyContext): Keyer {
  const members = membersOf(sweep, context);
  const whole = object(members);
  const own = object(members.filter(({ pieces }) => !pieces.every(isFixed)));
  const common = object(members.filter(({ pieces }) => pieces.every(isFixed)));
  return {
    common: common.filter(isFixed).join(""),
    key: (point) => {
      const seen: Seen = { ...point, folders: SYMBOLIC, chunk: null };
      return { key: hash("sha256", written(whole, seen)), document: written(own, seen) };
    },
  };
}

/** What the pieces of a key are made from. */
interface Seen extends TemplateContext {
  readonly ordinal: number;
}

/** JSON text, fixed or made for each point. */
type Piece = string | ((seen: Seen) => string);

interface Member {
  readonly name: string;
  readonly pieces: readonly Piece[];
}

/** In canonical order: sorted by name. */
function membersOf(sweep: Sweep, context: KeyContext): Member[] {
  const fixed = (name: string, value: Json): Member => ({
    name,
    pieces: [canonicalJson(value)],
  });
  const byPath = <T extends { readonly to: string }>(a: T, b: T) => (a.to < b.to ? -1 : 1);
  const bySource = (a: Template, b: Template) => (a.source < b.source ? -1 : 1);
  const inputs = context.inputs.map(({ to, sha256 }) => ({ sha256, to })).sort(byPath);
  const env = Object.entries(sweep.env).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    { name: "command", pieces: array(sweep.command.map(text)) },
    sweep.entrypoint === null
      ? fixed("entrypoint", null)
      : { name: "entrypoint", pieces: array(sweep.entrypoint.map(text)) },
    { name: "env", pieces: object(env.map(([name, value]) => ({ name, pieces: [text(value)] }))) },
    fixed("image", context.identity),
    fixed("inputs", inputs),
    fixed("network", sweep.network),
    { name: "ordinal", pieces: [({ ordinal }) => String(ordinal)] },
    { name: "outputs", pieces: array([...sweep.outputs].sort(bySource).map(text)) },
    { name: "parameters", pieces: [parameters(sweep.space.names)] },
    fixed("secrets", [...sweep.secrets].sort()),
    { name: "templates", pieces: array([...sweep.templates].sort(byPath).map(template)) },
    fixed("user", sweep.user),
    fixed("version", KEY_VERSION),
  ];
}

function text(source: Template): Piece {
  const render = compileTemplate(symbolic(source));
  return isVaried(source)
    ? (seen) => JSON.stringify(render(seen))
    : JSON.stringify(render(NO_POINT));
}

function template(file: Sweep["templates"][number]): Piece {
  const render = compileTemplate(symbolic(file.template));
  const entry = (seen: TemplateContext) => {
    const made = render(seen);
    const content = made.length > MAX_INLINE ? { sha256: hash("sha256", made) } : { text: made };
    return canonicalJson({ ...content, to: file.to });
  };
  return isVaried(file.template) ? entry : entry(NO_POINT);
}

/** The parameters as an object sorted by name. */
function parameters(names: readonly string[]): Piece {
  const sorted = [...names].sort().map((name) => ({ name, key: `${JSON.stringify(name)}:` }));
  return (seen) => {
    let json = "";
    for (const { name, key } of sorted) {
      const value = seen.parameters[name];
      if (value === undefined) continue;
      json += (json === "" ? key : `,${key}`) + JSON.stringify(value);
    }
    return `{${json}}`;
  };
}

/** Chunks differ with the way a sweep is cut into tasks, so their ends stay placeholders. */
function symbolic(source: Template): Template {
  const parts = source.parts.map((part) =>
    typeof part !== "string" && part.kind === "chunk" ? mark(`${part.name}.${part.end}`) : part,
  );
  return { source: source.source, parts };
}

function mark(name: string): string {
  return `\0${name}\0`;
}

/** A text out of a key document with its symbolic parts as the sweep file writes them. */
export function unmark(text: string): string {
  return text.replaceAll(/\0([^\0]+)\0/g, "{{ $1 }}");
}

const NO_POINT: TemplateContext = {
  parameters: {},
  index: 0,
  name: "",
  folders: SYMBOLIC,
  chunk: null,
};

/** Whether the text differs from point to point. */
function isVaried(source: Template): boolean {
  return source.parts.some(
    (part) => typeof part !== "string" && (part.kind === "parameter" || part.kind === "point"),
  );
}

function isFixed(piece: Piece): piece is string {
  return typeof piece === "string";
}

function array(items: readonly Piece[]): Piece[] {
  return merged(["[", ...items.flatMap((item, i) => (i === 0 ? [item] : [",", item])), "]"]);
}

function object(members: readonly Member[]): Piece[] {
  const pieces = members.flatMap(({ name, pieces }, i) => [
    `${i === 0 ? "" : ","}${JSON.stringify(name)}:`,
    ...pieces,
  ]);
  return merged(["{", ...pieces, "}"]);
}

/** The same pieces with neighbouring fixed ones as one. */
function merged(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (typeof piece === "string" && typeof last === "string") {
      result[result.length - 1] = last + piece;
    } else {
      result.push(piece);
    }
  }
  return result;
}

function written(pieces: readonly Piece[], seen: Seen): string {
  let json = "";
  for (const piece of pieces) json += typeof piece === "string" ? piece : piece(seen);
  return json;
}
