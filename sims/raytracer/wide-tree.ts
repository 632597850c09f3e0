/**
 * The tree of bvh.ts with four children a node, as wasm/traverse.ts reads it: four boxes lie side by
 * side in 32-bit floats, rounded outwards, so that one visit tests them all at once.
 *
 * A node has 128 bytes: the least x of the four boxes, then y, z, the greatest x, y, z; the numbers of
 * the four children, which are as in bvh.ts; and 16 bytes that fill it up to two lines of the cache.
 */
import { BOX_SIZE, DEEPEST, halfArea, LEAF_COUNT_BITS } from "./bvh.ts";
import { boxOf, SHAPE_SIZE, type World } from "./world.ts";

const WIDTH = 4;
/** Numbers of a node, of 4 bytes each, and where its children are. */
const NODE_SIZE = 32;
const CHILDREN = BOX_SIZE * WIDTH;
const LEAF_COUNT_MASK = (1 << LEAF_COUNT_BITS) - 1;

/**
 * Most nodes that wait while a ray is followed. A visit goes on with one child and leaves up to three
 * waiting, and below each node of two children is at most one of four.
 */
export const MOST_WAITING = (WIDTH - 1) * (DEEPEST + 1);

/** A node or leaf, by its number as in bvh.ts, and its box: the numbers of `boxes` from `at`. */
interface Child {
  readonly child: number;
  readonly boxes: ArrayLike<number>;
  readonly at: number;
}

export function widenTree(world: World): Uint8Array {
  const { boxes, children } = world;
  // Each node takes in at least one of the other tree. What is not used of this is never touched.
  const floats = new Float32Array((children.length / 2) * NODE_SIZE);
  const words = new Int32Array(floats.buffer);
  let count = 0;

  const childrenOf = (node: number): Child[] =>
    [0, 1]
      .map((side) => ({
        child: children[node * 2 + side] as number,
        boxes,
        at: (node * 2 + side) * BOX_SIZE,
      }))
      .filter(({ child }) => child >= 0 || shapesOf(child) > 0);

  /** Takes the largest boxes apart for as long as there is room: nodes, then leaves. */
  const widen = (node: number): readonly Child[] => {
    const found = childrenOf(node);
    for (;;) {
      const room = WIDTH - found.length;
      const inner = largest(found, (child) => child >= 0 && room > 0);
      const leaf = largest(found, (child) => shapesOf(child) > 1 && shapesOf(child) - 1 <= room);
      if (inner >= 0) found.splice(inner, 1, ...childrenOf(found[inner]?.child ?? 0));
      else if (leaf >= 0) found.splice(leaf, 1, ...leavesOf(world, found[leaf]?.child ?? 0));
      else return found;
    }
  };

  /** Writes a node and all below it; its number. */
  const write = (node: number): number => {
    const index = count++;
    const start = index * NODE_SIZE;
    floats.fill(Number.POSITIVE_INFINITY, start, start + CHILDREN / 2);
    floats.fill(Number.NEGATIVE_INFINITY, start + CHILDREN / 2, start + CHILDREN);
    widen(node).forEach(({ child, boxes, at }, lane) => {
      for (let side = 0; side < BOX_SIZE; side++) {
        const rounded = outwards(boxes[at + side] as number, side < 3 ? -1 : 1);
        floats[start + side * WIDTH + lane] = rounded;
      }
      words[start + CHILDREN + lane] = child >= 0 ? write(child) : child;
    });
    return index;
  };

  write(0);
  return new Uint8Array(floats.buffer, 0, count * NODE_SIZE * 4);
}

/** The child with the largest box of those that fit, or -1. */
function largest(all: readonly Child[], fits: (child: number) => boolean): number {
  let [best, most] = [-1, Number.NEGATIVE_INFINITY];
  all.forEach(({ child, boxes, at }, index) => {
    const area = fits(child) ? halfArea(boxes, at) : most;
    if (area > most) [best, most] = [index, area];
  });
  return best;
}

/** A leaf of its own for each shape of a leaf. */
function leavesOf({ kinds, shapes }: World, leaf: number): Child[] {
  const first = ~leaf >> LEAF_COUNT_BITS;
  return Array.from({ length: shapesOf(leaf) }, (_, index) => {
    const shape = first + index;
    const numbers = shapes.subarray(shape * SHAPE_SIZE, (shape + 1) * SHAPE_SIZE);
    return {
      child: ~((shape << LEAF_COUNT_BITS) | 1),
      boxes: boxOf({ kind: kinds[shape] as number, numbers }),
      at: 0,
    };
  });
}

/** How many shapes are in a leaf; none in a node. */
function shapesOf(child: number): number {
  return child < 0 ? ~child & LEAF_COUNT_MASK : 0;
}

/**
 * A side of a box in 32 bits, moved by more than its rounding; even at 0 it moves, as a ray that runs
 * exactly in the side's plane has to stay on the inner side of it.
 */
function outwards(side: number, direction: -1 | 1): number {
  return Math.fround(side + direction * (Math.abs(side) * 1.2e-7 + 1e-20));
}
