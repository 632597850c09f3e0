import type { Axis } from "./axis.ts";
import { lowerBound } from "./sequence.ts";
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

/** The diagram of all points that are in none of the boxes. */
export function diagram(dimensions: readonly Axis[], boxes: readonly Box[]): Node {
  // The dimension from which on a box asks for nothing: there it has all that it needs.
  const ends = boxes.map((box) => box.findLastIndex((positions) => positions !== null) + 1);
  const possible = boxes.keys().filter((box) => boxes[box]?.every((set) => set?.size !== 0));
  const known = new Map<string, Node>();

  const build = (level: number, alive: readonly number[]): Node => {
    if (alive.some((box) => (ends[box] ?? 0) <= level)) return GONE;
    const axis = dimensions[level];
    if (axis === undefined) return LEFT;
    const key = `${level}:${alive.join()}`;
    const seen = known.get(key);
    if (seen !== undefined) return seen;
    const indifferent: number[] = [];
    const asking = new Map<number, number[]>();
    for (const box of alive) {
      const wanted = boxes[box]?.[level] ?? null;
      if (wanted === null) indifferent.push(box);
      else {
        for (const position of wanted) {
          const others = asking.get(position);
          if (others === undefined) asking.set(position, [box]);
          else others.push(box);
        }
      }
    }
    const node = branch(axis.length, build(level + 1, indifferent), asking, (own) =>
      build(
        level + 1,
        [...indifferent, ...own].sort((a, b) => a - b),
      ),
    );
    known.set(key, node);
    return node;
  };
  return build(0, [...possible]);
}

function branch(
  length: number,
  other: Node,
  asking: ReadonlyMap<number, readonly number[]>,
  child: (boxes: readonly number[]) => Node,
): Node {
  if (asking.size === 0) return { ...LEFT, count: length * other.count, other };
  const positions = [...asking.keys()].sort((a, b) => a - b);
  const special = new Map<number, Node>();
  const before: number[] = [];
  let count = 0;
  let next = 0;
  for (const position of positions) {
    count += (position - next) * other.count;
    before.push(count);
    const node = child(asking.get(position) ?? []);
    special.set(position, node);
    count += node.count;
    next = position + 1;
  }
  count += (length - next) * other.count;
  return { count, other, special, positions, before };
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
  const fruitless = new Set<Node>();
  const search = (node: Node, level: number): boolean => {
    const axis = dimensions[level];
    if (node.count === 0 || fruitless.has(node)) return false;
    if (axis === undefined) return true;
    const wanted = box[level] ?? null;
    // What is left at a position that no box asks for is left of all positions the most.
    const free = (node.special?.size ?? 0) < axis.length;
    const below =
      wanted === null
        ? free && node.other !== null
          ? [node.other]
          : (node.special?.values() ?? [])
        : wanted.values().map((position) => follow(node, position));
    for (const child of below) if (search(child, level + 1)) return true;
    fruitless.add(node);
    return false;
  };
  return search(root, 0);
}
