import type { Axis } from "./axis.ts";
import { lowerBound } from "./sequence.ts";
import { SpaceError } from "./space-error.ts";
import type { Parameters } from "./sweep.ts";

/**
 * The points that an entry of exclude or include matches: for each dimension the positions that
 * it asks for, or null where it asks for nothing.
 */
export type Box = readonly (ReadonlySet<number> | null)[];

/** The box of an entry whose keys are parameters; other keys are left aside. */
export function boxOf(entry: Parameters, dimensions: readonly Axis[]): Box {
  return dimensions.map((axis) => {
    let positions: Set<number> | null = null;
    for (const [column, name] of axis.names.entries()) {
      const value = Object.hasOwn(entry, name) ? entry[name] : undefined;
      if (value === undefined) continue;
      const found = new Set(axis.find(value, column));
      positions = positions === null ? found : positions.intersection(found);
    }
    return positions;
  });
}

/**
 * A decision diagram over the dimensions, the slowest first: what is left below a choice of
 * positions for the dimensions before. Equal remainders are one node, so that its size grows with
 * the boxes and not with the points.
 */
export interface Node {
  /** How many points are left below. */
  readonly count: number;
  /** Where positions lead that no box asks for. */
  readonly other: Node | null;
  /** Where the others lead; null where there are none. */
  readonly special: ReadonlyMap<number, Node> | null;
  /** The special positions, ascending, and how many points stand before each. */
  readonly positions: readonly number[];
  readonly before: readonly number[];
}

const leaf = (count: number): Node => ({
  count,
  other: null,
  special: null,
  positions: [],
  before: [],
});
/** Nothing is left. */
export const GONE = leaf(0);
const LEFT = leaf(1);

/** Entries that cross each other can make as many drafts as there are points. */
const MAX_DRAFTS = 2 ** 15;

/** A node to be: the boxes that the positions before do not rule out. */
interface Draft {
  readonly alive: readonly number[];
  other: Draft | null;
  special: Map<number, Draft>;
  node: Node;
}

/**
 * The diagram of all points that are in none of the boxes. Drafts are made level by level from the
 * slowest dimension on, and counted level by level back. Throws SpaceError.
 */
export function diagram(dimensions: readonly Axis[], boxes: readonly Box[]): Node {
  const possible = boxes.keys().filter((box) => boxes[box]?.every((set) => set?.size !== 0));
  // The dimension from which on a box asks for nothing: there it has all that it needs.
  const ends = boxes.map((box) => box.findLastIndex((positions) => positions !== null) + 1);
  let last = draftsOf(ends, 0);
  const root = last.beside([...possible])([]);
  const levels = [last.drafts];
  for (const level of dimensions.keys()) {
    const next = draftsOf(ends, level + 1);
    for (const draft of last.drafts) {
      const { indifferent, asking } = split(draft.alive, boxes, level);
      const child = next.beside(indifferent);
      draft.other = child([]);
      for (const [position, own] of asking) draft.special.set(position, child(own));
    }
    if (next.drafts.length > MAX_DRAFTS + 2 * boxes.length) {
      throw new SpaceError(
        "exclude ties together parameters too far apart for its points to be counted",
        null,
        "in combine, write parameters that entries name together next to each other",
      );
    }
    levels.push(next.drafts);
    last = next;
  }
  for (const draft of last.drafts) draft.node = LEFT;
  for (const [level, axis] of [...dimensions.entries()].reverse()) {
    for (const draft of levels[level] ?? []) {
      if (draft.other !== null) draft.node = nodeOf(axis.length, draft.other, draft.special);
    }
  }
  return root.node;
}

/** The boxes that ask for nothing in a dimension, and by position those that ask for it. */
function split(alive: readonly number[], boxes: readonly Box[], level: number) {
  const indifferent: number[] = [];
  const asking = new Map<number, number[]>();
  for (const box of alive) {
    const wanted = boxes[box]?.[level] ?? null;
    if (wanted === null) {
      indifferent.push(box);
      continue;
    }
    for (const position of wanted) {
      const others = asking.get(position);
      if (others === undefined) asking.set(position, [box]);
      else others.push(box);
    }
  }
  return { indifferent, asking };
}

/** One level's drafts: one for each set of boxes, but for those that leave nothing. */
function draftsOf(ends: readonly number[], level: number) {
  const drafts: Draft[] = [];
  const gone: Draft = { alive: [], other: null, special: new Map(), node: GONE };
  const bySet = new Map<string, Draft>();
  const draftFor = (alive: readonly number[]): Draft => {
    if (alive.some((box) => (ends[box] ?? 0) <= level)) return gone;
    const key = alive.join();
    const seen = bySet.get(key);
    if (seen !== undefined) return seen;
    const draft: Draft = { alive, other: null, special: new Map(), node: GONE };
    bySet.set(key, draft);
    drafts.push(draft);
    return draft;
  };
  const byParts = new Map<string, Map<string, Draft>>();
  return {
    drafts,
    /** The drafts of these boxes together with others. The same parts come again and again. */
    beside(indifferent: readonly number[]) {
      const part = indifferent.join();
      const known = byParts.get(part) ?? new Map<string, Draft>();
      byParts.set(part, known);
      return (own: readonly number[]): Draft => {
        const key = own.join();
        const draft =
          known.get(key) ?? draftFor([...indifferent, ...own].sort((one, other) => one - other));
        known.set(key, draft);
        return draft;
      };
    },
  };
}

function nodeOf(length: number, other: Draft, special: ReadonlyMap<number, Draft>): Node {
  const each = other.node.count;
  if (special.size === 0) return { ...LEFT, count: length * each, other: other.node };
  const positions = [...special.keys()].sort((a, b) => a - b);
  const nodes = new Map<number, Node>();
  const before: number[] = [];
  let count = 0;
  let next = 0;
  for (const position of positions) {
    count += (position - next) * each;
    before.push(count);
    const node = special.get(position)?.node ?? GONE;
    nodes.set(position, node);
    count += node.count;
    next = position + 1;
  }
  count += (length - next) * each;
  return { count, other: other.node, special: nodes, positions, before };
}

/** Where a position leads. */
export function follow(node: Node, position: number): Node {
  return node.special?.get(position) ?? node.other ?? GONE;
}

/** How many points of a node stand before a position. */
export function countBefore(node: Node, position: number): number {
  const each = node.other?.count ?? 0;
  const index = lowerBound(node.positions, position + 1) - 1;
  const special = node.positions[index];
  const start = node.before[index];
  if (special === undefined || start === undefined) return position * each;
  if (special === position) return start;
  return start + follow(node, special).count + (position - special - 1) * each;
}

/** The position under which a node's point `rank`, from 0 and below its count, stands. */
export function positionOf(node: Node, rank: number): number {
  const each = node.other?.count ?? 0;
  const index = lowerBound(node.before, rank + 1) - 1;
  const special = node.positions[index];
  const start = node.before[index];
  if (special === undefined || start === undefined) return Math.floor(rank / each);
  const beyond = rank - start - follow(node, special).count;
  return beyond < 0 ? special : special + 1 + Math.floor(beyond / each);
}

/** Whether a box holds any point of a diagram. */
export function meets(root: Node, box: Box, dimensions: readonly Axis[]): boolean {
  let nodes = new Set([root]);
  for (const [level, axis] of dimensions.entries()) {
    const below = new Set<Node>();
    for (const node of nodes) {
      const wanted = box[level] ?? null;
      // What is left at a position that no box asks for is left of all positions the most.
      const free = (node.special?.size ?? 0) < axis.length;
      if (wanted !== null) for (const position of wanted) below.add(follow(node, position));
      else if (free && node.other !== null) below.add(node.other);
      else for (const child of node.special?.values() ?? []) below.add(child);
    }
    below.delete(GONE);
    nodes = below;
  }
  return [...nodes].some((node) => node.count > 0);
}
