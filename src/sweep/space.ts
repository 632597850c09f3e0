import type { Axis } from "./axis.ts";
import type { Combination } from "./combination.ts";
import { type Addition, type Layout, SpaceCursor } from "./cursor.ts";
import {
  type Box,
  boxOf,
  countBefore,
  diagram,
  follow,
  GONE,
  meets,
  positionOf,
} from "./diagram.ts";
import { countOf, dimensionsOf } from "./dimensions.ts";
import { SpaceError } from "./space-error.ts";
import type { Parameters, Space, SpacePoint, Value } from "./sweep.ts";

export { SpaceError } from "./space-error.ts";

export interface SpaceOptions {
  /** In file order, which is the order of the points' parameters; a table at its place. */
  readonly axes: readonly Axis[];
  /** Null: all multiplied in file order, the first slowest. */
  readonly combination: Combination | null;
  readonly exclude: readonly Parameters[];
  readonly include: readonly Parameters[];
}

/**
 * The points of a sweep: combine, then exclude, then include, by GitHub's documented rules for a
 * matrix (https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations)
 * with typed equality:
 * - an exclude entry removes every point that has all of its values;
 * - an include entry adds its keys to every remaining point in which it changes no value of an
 *   axis; what include entries added, later ones may change;
 * - an include entry that fits no such point is a point of its own, which later entries leave alone.
 * Throws SpaceError, also for a space of no points (place null).
 */
export function space(options: SpaceOptions): Space {
  const { axes, combination, exclude, include } = options;
  checkNames(axes);
  const dimensions = dimensionsOf(axes, combination);
  countOf(dimensions);
  const own = axes.flatMap((axis) => axis.names);

  const excluded = exclude.map((entry, index) => {
    checkExclude(entry, index, own);
    return boxOf(entry, dimensions);
  });
  const root = axes.length === 0 ? GONE : diagram(dimensions, excluded);

  const additions: Addition[] = [];
  const fresh: Parameters[] = [];
  for (const [index, entry] of include.entries()) {
    checkInclude(entry, index);
    const box = boxOf(entry, dimensions);
    const extras = Object.entries(entry).filter(([name]) => !own.includes(name));
    if (!meets(root, box, dimensions)) fresh.push(entry);
    else if (extras.length > 0) additions.push({ box, extras: new Map(extras) });
  }
  if (root.count + fresh.length === 0) throw empty(axes);

  const names = [...new Set([...own, ...include.flatMap((entry) => Object.keys(entry))])];
  const ordered = fresh.map((entry) => inOrder(entry, names));
  const columns = columnsOf(own, dimensions);
  const layout: Layout = {
    dimensions,
    root,
    columns,
    columnOf: new Map(columns.map((column) => [column.name, column])),
    additions,
    extras: names.slice(own.length),
    fresh: ordered,
    freshOrdinals: ordinalsOf(ordered),
  };
  const count = root.count + fresh.length;
  const cursor = (from = 0, to = count) =>
    new SpaceCursor(layout, Math.max(0, from), Math.min(count, to));

  return {
    count,
    names,
    dimensions,
    cursor,
    points: (from, to) => pointsOf(cursor(from, to)),
    lacking: (name) => {
      const index = own.includes(name) ? null : firstWithout(name, layout, excluded);
      const alone = ordered.findIndex((entry) => !Object.hasOwn(entry, name));
      const at = index ?? (alone === -1 ? null : root.count + alone);
      return at === null ? null : (pointsOf(cursor(at, at + 1)).next().value ?? null);
    },
  };
}

function pointsOf(cursor: SpaceCursor): IterableIterator<SpacePoint, undefined> {
  return {
    next() {
      if (!cursor.next()) return { done: true, value: undefined };
      const { index, ordinal } = cursor;
      return { done: false, value: { index, parameters: cursor.parameters(), ordinal } };
    },
    [Symbol.iterator]() {
      return this;
    },
  };
}

/** Where each name's value comes from. */
function columnsOf(names: readonly string[], dimensions: readonly Axis[]): Layout["columns"] {
  const columns = dimensions.flatMap((axis, dimension) =>
    axis.names.map((name, column) => ({ name, axis, dimension, column })),
  );
  const places = new Map(names.map((name, at) => [name, at]));
  return columns.sort((a, b) => (places.get(a.name) ?? 0) - (places.get(b.name) ?? 0));
}

/** The index of the first combined point to which no include entry adds this name. */
function firstWithout(name: string, layout: Layout, excluded: readonly Box[]): number | null {
  const { dimensions, root, additions } = layout;
  if (root.count === 0) return null;
  const adding = additions.filter((addition) => addition.extras.has(name));
  let without = diagram(dimensions, [...excluded, ...adding.map((addition) => addition.box)]);
  if (without.count === 0) return null;
  let node = root;
  let index = 0;
  for (const _ of dimensions) {
    const position = positionOf(without, 0);
    index += countBefore(node, position);
    node = follow(node, position);
    without = follow(without, position);
  }
  return index;
}

/** For each entry how many before it are equal. */
function ordinalsOf(entries: readonly Parameters[]): number[] {
  const seen = new Map<string, number>();
  return entries.map((entry) => {
    const key = JSON.stringify(entry);
    const ordinal = seen.get(key) ?? 0;
    seen.set(key, ordinal + 1);
    return ordinal;
  });
}

function inOrder(entry: Parameters, names: readonly string[]): Parameters {
  const ordered: Record<string, Value> = {};
  for (const name of names) {
    const value = Object.hasOwn(entry, name) ? entry[name] : undefined;
    if (value !== undefined) ordered[name] = value;
  }
  return ordered;
}

function checkNames(axes: readonly Axis[]): void {
  const owners = new Map<string, Axis>();
  for (const [index, axis] of axes.entries()) {
    for (const name of axis.names) {
      const place = { part: "axis", index } as const;
      if (!isName(name)) throw unusableName(name, place);
      const owner = owners.get(name);
      owners.set(name, axis);
      if (owner === undefined) continue;
      throw new SpaceError(
        `${name} is ${describe(name, owner)} and also ${describe(name, axis)}`,
        place,
        "rename one of them",
      );
    }
  }
  const labels = axes.map((axis) => axis.label);
  const twice = labels.findIndex((label, index) => labels.indexOf(label) !== index);
  if (twice !== -1) {
    throw new SpaceError(`${labels[twice]} is there twice`, { part: "axis", index: twice });
  }
}

function describe(name: string, axis: Axis): string {
  return axis.names.length === 1 && axis.label === name
    ? "a parameter"
    : `a column of the table ${axis.label}`;
}

/** Objects put names of digits first and give __proto__ a meaning of its own. */
function isName(name: string): boolean {
  return name !== "" && name !== "__proto__" && !/^\d+$/.test(name);
}

function unusableName(name: string, place: SpaceError["place"]): SpaceError {
  return new SpaceError(
    `${JSON.stringify(name)} cannot be a parameter's name`,
    place,
    "write a name that starts with a letter",
  );
}

function checkExclude(entry: Parameters, index: number, names: readonly string[]): void {
  const keys = Object.keys(entry);
  if (keys.length === 0) {
    throw new SpaceError("an empty entry excludes every point", {
      part: "exclude",
      index,
      key: null,
    });
  }
  for (const key of keys) {
    if (names.includes(key)) continue;
    throw new SpaceError(
      `exclude names ${key}, which is no parameter`,
      { part: "exclude", index, key },
      names.length === 0
        ? "without parameters there is nothing to exclude"
        : `the parameters are ${names.join(", ")}; include comes after exclude`,
    );
  }
}

function checkInclude(entry: Parameters, index: number): void {
  const keys = Object.keys(entry);
  if (keys.length === 0) {
    throw new SpaceError("an empty entry includes nothing", { part: "include", index, key: null });
  }
  for (const key of keys) {
    if (!isName(key)) throw unusableName(key, { part: "include", index, key });
  }
}

function empty(axes: readonly Axis[]): SpaceError {
  return axes.length === 0
    ? new SpaceError("a sweep without parameters and include has no points", null)
    : new SpaceError(
        "exclude leaves no point",
        null,
        "remove an entry, or add points with include",
      );
}
