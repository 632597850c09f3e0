/**
 * A tree of boxes over shapes, built top-down by the surface area heuristic with bins (Ingo Wald,
 * "On fast Construction of SAH-based Bounding Volume Hierarchies", 2007).
 *
 * An inner node keeps the boxes of both its children side by side, so that one visit decides on
 * both.
 */

/** Numbers of a box: least x, y, z, greatest x, y, z. */
export const BOX_SIZE = 6;
/** Numbers of a node: the boxes of its two children. */
export const NODE_SIZE = 2 * BOX_SIZE;
/** A leaf is `~(first * 8 + count)` in `children`. */
export const LEAF_COUNT_BITS = 3;

export interface Tree {
  /** `NODE_SIZE` numbers a node; node 0 is the root. */
  readonly boxes: Float64Array;
  /** Two a node: the index of a node, or a leaf's negative number. */
  readonly children: Int32Array;
  /** The shapes in the order of the leaves. */
  readonly order: Int32Array;
}

const BINS = 16;
const MOST_SHAPES_OF_A_LEAF = 4;
/** What a visit of a node takes, measured in tests of one shape. */
const NODE_COST = 1.5;
/** Below this depth halves are split by count, which bounds the stack of a traversal. */
const DEEPEST_HEURISTIC = 64;

/** The deepest a tree gets: halving 2^27 shapes, the most that a leaf can name, below the heuristic. */
export const DEEPEST = DEEPEST_HEURISTIC + 27;

/** A tree over `count` shapes, whose boxes are `BOX_SIZE` numbers each. */
export function buildTree(shapeBoxes: Float64Array, count: number): Tree {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  const most = Math.max(1, count - 1);
  const boxes = new Float64Array(most * NODE_SIZE);
  const children = new Int32Array(most * 2);
  let nodes = 0;

  const splitter = makeSplitter(shapeBoxes, order);
  /** Builds what is below the shapes `start` to `end` and gives its number in `children`. */
  const build = (start: number, end: number, depth: number, mustSplit: boolean): number => {
    const middle = splitter(start, end, depth, mustSplit);
    if (middle < 0) return ~((start << LEAF_COUNT_BITS) | (end - start));
    const node = nodes++;
    writeBox(boxes, node * NODE_SIZE, start, middle);
    writeBox(boxes, node * NODE_SIZE + BOX_SIZE, middle, end);
    children[node * 2] = build(start, middle, depth + 1, false);
    children[node * 2 + 1] = build(middle, end, depth + 1, false);
    return node;
  };
  const writeBox = (target: Float64Array, at: number, start: number, end: number): void => {
    const box = emptyBox();
    for (let i = start; i < end; i++) growByBox(box, shapeBoxes, (order[i] as number) * BOX_SIZE);
    for (let side = 0; side < BOX_SIZE; side++) {
      target[at + side] = outwards(box[side] as number, side < 3 ? -1 : 1);
    }
  };

  if (count >= 2) {
    build(0, count, 0, true);
  } else {
    // A root with one child, or none: the other box is empty and never hit.
    writeBox(boxes, 0, 0, count);
    writeBox(boxes, BOX_SIZE, 0, 0);
    children[0] = ~count;
    children[1] = ~0;
    nodes = 1;
  }
  return {
    boxes: boxes.slice(0, nodes * NODE_SIZE),
    children: children.slice(0, nodes * 2),
    order,
  };
}

/** Decides where shapes are split in two, and reorders them; -1 means that they make a leaf. */
function makeSplitter(shapeBoxes: Float64Array, order: Int32Array) {
  const binBoxes = Array.from({ length: BINS }, emptyBox);
  const binCounts = new Int32Array(BINS);
  const areasFromRight = new Float64Array(BINS);

  const middleOf = (shape: number, axis: number): number =>
    ((shapeBoxes[shape * BOX_SIZE + axis] as number) +
      (shapeBoxes[shape * BOX_SIZE + axis + 3] as number)) /
    2;

  /** Puts shapes whose bin is at most `last` in front, and gives the index behind them. */
  const partition = (start: number, end: number, isLeft: (shape: number) => boolean): number => {
    let middle = start;
    for (let i = start; i < end; i++) {
      const shape = order[i] as number;
      if (!isLeft(shape)) continue;
      order[i] = order[middle] as number;
      order[middle++] = shape;
    }
    return middle;
  };

  return (start: number, end: number, depth: number, mustSplit: boolean): number => {
    const count = end - start;
    if (count === 1) return -1;
    if (depth >= DEEPEST_HEURISTIC) {
      return count <= MOST_SHAPES_OF_A_LEAF ? -1 : (start + end) >> 1;
    }
    const whole = emptyBox();
    const middles = emptyBox();
    for (let i = start; i < end; i++) {
      const shape = order[i] as number;
      growByBox(whole, shapeBoxes, shape * BOX_SIZE);
      for (let axis = 0; axis < 3; axis++) {
        const middle = middleOf(shape, axis);
        if (middle < (middles[axis] as number)) middles[axis] = middle;
        if (middle > (middles[axis + 3] as number)) middles[axis + 3] = middle;
      }
    }
    let bestCost = Number.POSITIVE_INFINITY;
    let bestAxis = -1;
    let bestBin = 0;
    for (let axis = 0; axis < 3; axis++) {
      const low = middles[axis] as number;
      const width = (middles[axis + 3] as number) - low;
      if (!(width > 0)) continue;
      for (const box of binBoxes) box.set(EMPTY);
      binCounts.fill(0);
      for (let i = start; i < end; i++) {
        const shape = order[i] as number;
        const bin = binOf(middleOf(shape, axis), low, width);
        growByBox(binBoxes[bin] as Float64Array, shapeBoxes, shape * BOX_SIZE);
        binCounts[bin] = (binCounts[bin] as number) + 1;
      }
      const right = emptyBox();
      for (let bin = BINS - 1; bin > 0; bin--) {
        growByBox(right, binBoxes[bin] as Float64Array, 0);
        areasFromRight[bin] = halfArea(right);
      }
      const left = emptyBox();
      let leftCount = 0;
      for (let bin = 0; bin < BINS - 1; bin++) {
        growByBox(left, binBoxes[bin] as Float64Array, 0);
        leftCount += binCounts[bin] as number;
        if (leftCount === 0 || leftCount === count) continue;
        const cost =
          leftCount * halfArea(left) + (count - leftCount) * (areasFromRight[bin + 1] as number);
        if (cost < bestCost) [bestCost, bestAxis, bestBin] = [cost, axis, bin];
      }
    }
    const leafCost = count * halfArea(whole);
    const splitCost = NODE_COST * halfArea(whole) + bestCost;
    const fits = count <= MOST_SHAPES_OF_A_LEAF && !mustSplit;
    if (fits && leafCost <= splitCost) return -1;
    // Shapes around one and the same point have no best split.
    if (bestAxis === -1) return fits ? -1 : (start + end) >> 1;
    const low = middles[bestAxis] as number;
    const width = (middles[bestAxis + 3] as number) - low;
    return partition(
      start,
      end,
      (shape) => binOf(middleOf(shape, bestAxis), low, width) <= bestBin,
    );
  };
}

function binOf(middle: number, low: number, width: number): number {
  return Math.min(BINS - 1, Math.floor(((middle - low) / width) * BINS));
}

const { POSITIVE_INFINITY: FAR, NEGATIVE_INFINITY: NEAR } = Number;
const EMPTY = [FAR, FAR, FAR, NEAR, NEAR, NEAR];

function emptyBox(): Float64Array {
  return Float64Array.from(EMPTY);
}

function growByBox(box: Float64Array, by: Float64Array, at: number): void {
  for (let axis = 0; axis < 3; axis++) {
    const low = by[at + axis] as number;
    const high = by[at + axis + 3] as number;
    if (low < (box[axis] as number)) box[axis] = low;
    if (high > (box[axis + 3] as number)) box[axis + 3] = high;
  }
}

/**
 * A side of a box, moved by the least that moves it: a ray that runs exactly in the side's plane meets
 * what touches it, and has to be on the inner side for that.
 */
function outwards(side: number, direction: -1 | 1): number {
  return Math.abs(side) < FAR ? side + direction * (Math.abs(side) * 2 ** -52 + 1e-100) : side;
}

/** Half the surface of the box that starts there; 0 for an empty one. */
export function halfArea(boxes: ArrayLike<number>, at = 0): number {
  const x = (boxes[at + 3] as number) - (boxes[at] as number);
  const y = (boxes[at + 4] as number) - (boxes[at + 1] as number);
  const z = (boxes[at + 5] as number) - (boxes[at + 2] as number);
  return x < 0 ? 0 : x * y + y * z + z * x;
}
