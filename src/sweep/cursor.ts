import type { Axis } from "./axis.ts";
import { type Box, countBefore, follow, type Node, positionOf } from "./diagram.ts";
import type { Cursor, Parameters, Value } from "./sweep.ts";

/** What an include entry adds, and to which points. */
export interface Addition {
  readonly box: Box;
  readonly extras: ReadonlyMap<string, Value>;
}

/** A space as its cursors see it. */
export interface Layout {
  readonly dimensions: readonly Axis[];
  /** What exclude leaves of the dimensions' combinations: the points up to `root.count`. */
  readonly root: Node;
  /** Where each parameter's value comes from, in file order. */
  readonly columns: readonly Column[];
  readonly columnOf: ReadonlyMap<string, Column>;
  /** In the order of `include`. */
  readonly additions: readonly Addition[];
  /** The names that only include knows, in the points' order. */
  readonly extras: readonly string[];
  /** The points of include's own, after the combined ones. */
  readonly fresh: readonly Parameters[];
  readonly freshOrdinals: readonly number[];
}

interface Column {
  readonly name: string;
  readonly axis: Axis;
  /** The axis among the dimensions, and the name among the axis's. */
  readonly dimension: number;
  readonly column: number;
}

/**
 * Steps through the combinations like a counter through its digits, and keeps for each dimension
 * what depends on it and the slower ones, so that a step costs what it changes: mostly the last.
 */
export class SpaceCursor implements Cursor {
  index: number;
  ordinal = 0;
  combined = true;
  readonly positions: number[];
  readonly #layout: Layout;
  readonly #lengths: readonly number[];
  readonly #to: number;
  #started = false;
  /** What exclude leaves below the positions of the dimensions before. */
  readonly #nodes: Node[];
  /** The ordinal among the points as far as the dimensions before tell them apart. */
  readonly #ordinals: number[];
  readonly #repeating: boolean;
  /** The additions that the dimensions before do not rule out. */
  readonly #alive: (readonly Addition[])[];
  /** Whether any addition asks for something of the dimension. */
  readonly #asked: readonly boolean[];
  /** What they add, kept while they stay the same. */
  #addedBy: readonly Addition[] = [];
  #addedLast: readonly (readonly [string, Value])[] = [];
  readonly #values: Value[];
  #parameters: Parameters | null = null;
  /** From this dimension on, `#values` is out of date. */
  #stale = 0;

  constructor(layout: Layout, from: number, to: number) {
    const { dimensions, root, additions } = layout;
    this.#layout = layout;
    this.index = from - 1;
    this.#to = to;
    this.positions = dimensions.map(() => 0);
    this.#lengths = dimensions.map((axis) => axis.length);
    this.#nodes = [root];
    this.#ordinals = [0];
    this.#repeating = from < root.count && dimensions.some(({ repeats }) => repeats !== null);
    this.#alive = [additions];
    this.#asked = dimensions.map((_, at) => additions.some(({ box }) => box[at] !== null));
    this.#values = [];
  }

  next(): boolean {
    const index = this.index + 1;
    if (index >= this.#to) return false;
    this.index = index;
    this.#parameters = null;
    const { root, additions, freshOrdinals } = this.#layout;
    if (index >= root.count) {
      this.combined = false;
      this.ordinal = freshOrdinals[index - root.count] ?? 0;
      return true;
    }
    const changed = this.#started ? this.#step() : this.#seek(index);
    this.#started = true;
    if (changed < this.#stale) this.#stale = changed;
    if (this.#repeating) this.#rank(changed);
    if (additions.length > 0) this.#narrow(changed);
    return true;
  }

  value(name: string): Value | undefined {
    const { columnOf, fresh, root } = this.#layout;
    if (!this.combined) {
      const own = fresh[this.index - root.count] ?? {};
      return Object.hasOwn(own, name) ? own[name] : undefined;
    }
    const column = columnOf.get(name);
    if (column === undefined) return this.#added().find(([added]) => added === name)?.[1];
    return column.axis.value(this.positions[column.dimension] ?? 0, column.column);
  }

  parameters(): Parameters {
    this.#parameters ??= this.#make();
    return this.#parameters;
  }

  #make(): Parameters {
    const { root, columns, fresh } = this.#layout;
    if (!this.combined) return { ...fresh[this.index - root.count] };
    this.#refresh();
    const parameters: Record<string, Value> = {};
    for (const [at, { name }] of columns.entries()) parameters[name] = this.#values[at] ?? 0;
    for (const [name, value] of this.#added()) parameters[name] = value;
    return parameters;
  }

  /** What include adds to the point, in the points' order; later entries overwrite earlier ones. */
  #added(): readonly (readonly [string, Value])[] {
    const alive = this.#alive[this.positions.length] ?? [];
    if (this.#addedBy !== alive) {
      this.#addedBy = alive;
      this.#addedLast = this.#layout.extras.flatMap((name) => {
        const value = alive.findLast((addition) => addition.extras.has(name))?.extras.get(name);
        return value === undefined ? [] : [[name, value] as const];
      });
    }
    return this.#addedLast;
  }

  /** Takes the positions of a point; returns the first dimension that changed. */
  #seek(index: number): number {
    let rank = index;
    let node = this.#layout.root;
    for (const at of this.positions.keys()) {
      const position = positionOf(node, rank);
      rank -= countBefore(node, position);
      node = follow(node, position);
      this.positions[at] = position;
      this.#nodes[at + 1] = node;
    }
    return 0;
  }

  /** Moves to the next point that is left; returns the first dimension that changed. */
  #step(): number {
    let changed = this.positions.length - 1;
    while (changed > 0 && !this.#advance(changed, (this.positions[changed] ?? 0) + 1)) changed--;
    if (changed === 0) this.#advance(0, (this.positions[0] ?? 0) + 1);
    for (let at = changed + 1; at < this.positions.length; at++) this.#advance(at, 0);
    return changed;
  }

  /** Takes the first position from `position` on under which a point is left, if there is one. */
  #advance(at: number, position: number): boolean {
    const node = this.#nodes[at];
    const length = this.#lengths[at] ?? 0;
    if (node === undefined) return false;
    for (let next = position; next < length; next++) {
      const child = follow(node, next);
      if (child.count === 0) continue;
      this.positions[at] = next;
      this.#nodes[at + 1] = child;
      return true;
    }
    return false;
  }

  #rank(changed: number): void {
    const { dimensions } = this.#layout;
    let ordinal = this.#ordinals[changed] ?? 0;
    for (let at = changed; at < dimensions.length; at++) {
      const repeats = dimensions[at]?.repeats ?? null;
      const position = this.positions[at] ?? 0;
      if (repeats !== null) ordinal = ordinal * repeats.size(position) + repeats.rank(position);
      this.#ordinals[at + 1] = ordinal;
    }
    this.ordinal = ordinal;
  }

  #narrow(changed: number): void {
    let alive = this.#alive[changed] ?? [];
    for (let at = changed; at < this.positions.length; at++) {
      const position = this.positions[at] ?? 0;
      if (this.#asked[at] === true) {
        alive = alive.filter(({ box }) => box[at]?.has(position) ?? true);
      }
      this.#alive[at + 1] = alive;
    }
  }

  #refresh(): void {
    const { columns, dimensions } = this.#layout;
    for (const [at, { axis, dimension, column }] of columns.entries()) {
      if (dimension < this.#stale) continue;
      this.#values[at] = axis.value(this.positions[dimension] ?? 0, column);
    }
    this.#stale = dimensions.length;
  }
}
