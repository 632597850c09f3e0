/** Reads JSON (RFC 8259) and keeps where each value stands, so that errors can say it. */

export interface Place {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export interface JsonNode extends Place {
  readonly value: null | boolean | number | string | readonly JsonNode[] | JsonObject;
}

export type JsonObject = ReadonlyMap<string, { readonly key: Place; readonly node: JsonNode }>;

export class PlacedError extends Error {
  readonly place: Place;
  constructor(place: Place, message: string) {
    super(message);
    this.place = place;
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON's texts must not hold them.
const TEXT = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /[A-Za-z_]+/y;
const SPACE = /[ \t\r\n]*/y;
const DEEPEST = 100;

/** @throws PlacedError where the text is no JSON */
export function parseJson(text: string): JsonNode {
  let at = 0;

  const placeOf = (index: number): Place => {
    const before = text.slice(0, index);
    const start = before.lastIndexOf("\n") + 1;
    return { line: before.split("\n").length, column: index - start + 1 };
  };
  const fail = (expected: string): never => {
    const found =
      at >= text.length
        ? "the end of the file"
        : JSON.stringify([...text.slice(at, at + 12)].join(""));
    throw new PlacedError(placeOf(at), `expected ${expected}, got ${found}`);
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const take = (character: string): boolean => {
    match(SPACE);
    if (text[at] !== character) return false;
    at++;
    return true;
  };
  const textHere = (): string | undefined => {
    match(SPACE);
    const found = match(TEXT);
    return found === undefined ? undefined : JSON.parse(found);
  };

  const list = (depth: number): JsonNode[] => {
    const items: JsonNode[] = [];
    if (take("]")) return items;
    do items.push(value(depth + 1));
    while (take(","));
    if (!take("]")) fail('"," or "]"');
    return items;
  };
  const object = (depth: number): JsonObject => {
    const entries = new Map<string, { key: Place; node: JsonNode }>();
    if (take("}")) return entries;
    do {
      match(SPACE);
      const key = placeOf(at);
      const name = textHere() ?? fail("a name in quotes");
      if (entries.has(name)) throw new PlacedError(key, `${JSON.stringify(name)} is there twice`);
      if (!take(":")) fail('":"');
      entries.set(name, { key, node: value(depth + 1) });
    } while (take(","));
    if (!take("}")) fail('"," or "}"');
    return entries;
  };
  const value = (depth: number): JsonNode => {
    match(SPACE);
    const place = placeOf(at);
    if (depth > DEEPEST) throw new PlacedError(place, `nested more than ${DEEPEST} deep`);
    if (take("[")) return { ...place, value: list(depth) };
    if (take("{")) return { ...place, value: object(depth) };
    const text = textHere();
    if (text !== undefined) return { ...place, value: text };
    const number = match(NUMBER);
    if (number !== undefined) return { ...place, value: Number(number) };
    const start = at;
    const word = match(WORD);
    const words: Record<string, null | boolean> = { true: true, false: false, null: null };
    const named = word === undefined ? undefined : words[word];
    if (named !== undefined) return { ...place, value: named };
    at = start;
    return fail("a JSON value");
  };

  const root = value(0);
  match(SPACE);
  if (at < text.length) fail("the end of the file");
  return root;
}
