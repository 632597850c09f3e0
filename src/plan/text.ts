import { formatValue } from "../sweep/format.ts";
import type {
  Cursor,
  Dimension,
  Parameters,
  Placeholder,
  Space,
  Template,
  Value,
} from "../sweep/sweep.ts";

/** A piece of a text that is made for each point of a space. */
export type Part =
  | string
  /** Made of one parameter's value: undefined where a point lacks it. */
  | {
      readonly kind: "value";
      readonly name: string;
      readonly text: (value: Value | undefined) => string;
    }
  | { readonly kind: "parameters"; readonly text: (parameters: Parameters) => string }
  | { readonly kind: "index" }
  | { readonly kind: "name" };

/** The folders that `{{ input }}` and `{{ output }}` stand for. */
export interface Folders {
  readonly input: string;
  readonly output: string;
}

/**
 * A template as parts, each text through `written`. What only a chunk of points has stays a
 * placeholder.
 */
export function templateParts(
  template: Template,
  folders: Folders,
  written: (text: string) => string = (text) => text,
): Part[] {
  return template.parts.map((part) =>
    typeof part === "string" ? written(part) : placeholderPart(part, folders, written),
  );
}

function placeholderPart(
  placeholder: Placeholder,
  folders: Folders,
  written: (text: string) => string,
): Part {
  switch (placeholder.kind) {
    case "parameter": {
      const { name, spec } = placeholder;
      const text = (value: Value | undefined) =>
        value === undefined ? "" : written(formatValue(value, spec));
      return { kind: "value", name, text };
    }
    case "point":
      return { kind: placeholder.field };
    case "folder":
      return written(folders[placeholder.folder]);
    case "chunk":
      return written(`{{ ${placeholder.name}.${placeholder.end} }}`);
  }
}

/** The text of the point at which the cursor stands; `name` is that point's. */
export type CursorText = (cursor: Cursor, name: string) => string;

/** Positions of a dimension whose texts are kept; those of a longer one are made each time. */
const MAX_KEPT = 100_000;

/**
 * Joins parts into one function over a cursor. The texts of a dimension's values are made once
 * and looked up by position, which is what makes a million points cheap.
 */
export function cursorText(parts: readonly Part[], space: Space): CursorText {
  const pieces: CursorText[] = [];
  let fixed = "";
  for (const part of parts) {
    if (typeof part === "string") {
      fixed += part;
      continue;
    }
    // A fixed text rides on the part behind it: half as many strings to join.
    pieces.push(piece(fixed, part, space));
    fixed = "";
  }
  const rest = fixed;
  return (cursor, name) => {
    let text = "";
    for (const make of pieces) text += make(cursor, name);
    return text + rest;
  };
}

function piece(before: string, part: Exclude<Part, string>, space: Space): CursorText {
  switch (part.kind) {
    case "index":
      return (cursor) => before + cursor.index;
    case "name":
      return (_cursor, name) => before + name;
    case "parameters":
      return (cursor) => before + part.text(cursor.parameters());
    case "value":
      return valuePiece(before, part.name, part.text, space);
  }
}

function valuePiece(
  before: string,
  name: string,
  text: (value: Value | undefined) => string,
  space: Space,
): CursorText {
  const place = space.dimensions.findIndex((dimension) => dimension.names.includes(name));
  const dimension = space.dimensions[place];
  const single = (cursor: Cursor) => before + text(cursor.value(name));
  if (dimension === undefined) return single;
  const at = positionText(before, dimension, dimension.names.indexOf(name), text);
  return (cursor) => (cursor.combined ? at(cursor.positions[place] ?? 0) : single(cursor));
}

function positionText(
  before: string,
  dimension: Dimension,
  column: number,
  text: (value: Value) => string,
): (position: number) => string {
  const make = (position: number) => before + text(dimension.value(position, column));
  if (dimension.length <= MAX_KEPT) {
    const kept = new Array<string | undefined>(dimension.length);
    return (position) => {
      const found = kept[position];
      if (found !== undefined) return found;
      const made = make(position);
      kept[position] = made;
      return made;
    };
  }
  let last = -1;
  let lastText = "";
  return (position) => {
    if (position !== last) {
      lastText = make(position);
      last = position;
    }
    return lastText;
  };
}
