import type { Place } from "./source.ts";

/** What a sweep file holds, each piece with its place: from YAML, from a flag, or from an object. */
export type Node = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** A string's value; anything else as it is written. */
  readonly text: string;
  /** As it stands in the source, quotes included; empty where there is no source. */
  readonly raw: string;
  readonly place: Place;
}

export interface ListNode {
  readonly kind: "list";
  readonly items: readonly Node[];
  readonly place: Place;
}

export interface MapNode {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, MapEntry>;
  readonly place: Place;
}

export interface MapEntry {
  readonly key: ScalarNode;
  readonly value: Node;
}

/** Where in a sweep: names of keys and positions in lists, from 0. */
export type Path = readonly (string | number)[];

/** The node at a path, or null where there is none. */
export function nodeAt(root: Node, path: Path): Node | null {
  let node: Node | undefined = root;
  for (const step of path) {
    node = typeof step === "number" ? item(node, step) : child(node, step);
    if (node === undefined) return null;
  }
  return node;
}

/** The nearest node that exists on the way to a path. */
export function nearestNode(root: Node, path: Path): Node {
  for (let length = path.length; length > 0; length--) {
    const node = nodeAt(root, path.slice(0, length));
    if (node !== null) return node;
  }
  return root;
}

export function child(node: Node, key: string): Node | undefined {
  return node.kind === "map" ? node.entries.get(key)?.value : undefined;
}

function item(node: Node, index: number): Node | undefined {
  return node.kind === "list" ? node.items[index] : undefined;
}

/** `finish[0].video.fps`, as messages write a path. */
export function pathText(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text;
}

/** The tree as plain data, for the schema. Maps have no prototype. */
export function plain(node: Node): unknown {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(plain);
    case "map": {
      const object: Record<string, unknown> = Object.create(null);
      for (const [key, { value }] of node.entries) object[key] = plain(value);
      return object;
    }
  }
}

/**
 * The place of a piece of a scalar's value: exact in plain scalars and in quoted ones without
 * escapes; elsewhere where the same piece stands in the source, else the scalar's beginning.
 */
export function placeInside(node: ScalarNode, offset: number, piece: string): Place {
  const { raw, text, place } = node;
  const lead = raw === text ? 0 : raw.slice(1, -1) === text ? 1 : null;
  if (lead !== null) return { source: place.source, offset: place.offset + lead + offset };
  if (piece === "") return place;
  // The piece's n-th occurrence in the value is its n-th in the source.
  let found = -1;
  for (let at = text.indexOf(piece); at !== -1 && at <= offset; at = text.indexOf(piece, at + 1)) {
    found = raw.indexOf(piece, found + 1);
    if (found === -1) return place;
  }
  return found === -1 ? place : { source: place.source, offset: place.offset + found };
}

/** How a message shows a value that was not expected. */
export function described(node: Node): string {
  if (node.kind === "list") return node.items.length === 0 ? "an empty list" : "a list";
  if (node.kind === "map") return node.entries.size === 0 ? "an empty mapping" : "a mapping";
  if (node.value === null) return "nothing";
  const shown = node.text.length > 60 ? `${node.text.slice(0, 60)}...` : node.text;
  return typeof node.value === "string" ? JSON.stringify(shown) : shown;
}
