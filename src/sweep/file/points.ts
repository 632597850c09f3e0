import { type Combination, CombinationError, parseCombination } from "../combination.ts";
import { SpaceError, space } from "../space.ts";
import { suggestion } from "../suggest.ts";
import type { Parameters, Space, Value } from "../sweep.ts";
import { RESERVED_NAMES } from "../template.ts";
import type { CheckedSweep } from "./check.ts";
import { type BuiltParameter, buildParameter, type ParameterContext } from "./parameters.ts";
import type { Place } from "./source.ts";
import { reservedHint } from "./table.ts";
import { child, type MapNode, type Node, placeInside } from "./tree.ts";
import {
  bothKinds,
  isScalar,
  type Kinds,
  kindsOf,
  type Respelled,
  readValue,
  respelledWarning,
} from "./values.ts";

export interface BuiltPoints {
  /** Null where something is wrong, which is reported. */
  readonly space: Space | null;
  /** All parameters; null where not all of them could be read. */
  readonly kinds: ReadonlyMap<string, Kinds> | null;
  readonly include: readonly Parameters[];
}

const MAX_PARAMETERS = 1000;
const TOO_MANY = `there are more than ${MAX_PARAMETERS} parameters`;

type Context = Omit<ParameterContext, "randomSeed">;

/** What the sweep's points are: `parameters`, `combine`, `exclude` and `include`. */
export function buildPoints(checked: CheckedSweep, root: MapNode, context: Context): BuiltPoints {
  const { report } = context;
  const before = report.diagnostics.length;
  const parameters = buildParameters(checked, root, context);
  const complete = parameters !== null && passed(checked, root, "include");
  const kinds = new Map<string, Kinds>();
  for (const { kinds: own } of parameters ?? []) {
    for (const [name, kind] of own) kinds.set(name, bothKinds(kinds.get(name), kind));
  }
  const axes = [...kinds.keys()];
  const exclude = readEntries(
    checked.exclude === undefined ? undefined : child(root, "exclude"),
    context,
  );
  const include = readEntries(
    checked.include === undefined ? undefined : child(root, "include"),
    context,
  );
  for (const { name, value } of include.flatMap((entry) => entry.values)) {
    kinds.set(name, bothKinds(kinds.get(name), kindsOf([value])));
  }
  if (kinds.size > MAX_PARAMETERS) {
    report.error((root.entries.get("include")?.key ?? root).place, TOO_MANY);
  }
  const entries = include.map(toParameters);
  if (parameters !== null) {
    for (const { name, key } of exclude.flatMap((entry) => entry.values)) {
      if (axes.includes(name)) continue;
      const hint = axes.length === 0 ? "there are none" : suggestion(name, axes, "parameters");
      report.error(key, `exclude: there is no parameter ${name}`, hint);
    }
  }
  const combination = readCombination(checked, root, context);
  const whole =
    complete &&
    // That there is neither is told already.
    (root.entries.has("parameters") || root.entries.has("include")) &&
    report.diagnostics.length === before &&
    ["combine", "exclude", "random-seed"].every((key) => passed(checked, root, key));
  return {
    space: whole
      ? makeSpace(parameters, combination, exclude.map(toParameters), entries, root, context)
      : null,
    kinds: complete ? kinds : null,
    include: entries,
  };
}

/** Whether a key passed the schema, or is not there. */
function passed(checked: CheckedSweep, root: MapNode, key: string): boolean {
  return !root.entries.has(key) || Object.hasOwn(checked, key);
}

function buildParameters(
  checked: CheckedSweep,
  root: MapNode,
  context: Context,
): readonly BuiltParameter[] | null {
  const { report } = context;
  const node = child(root, "parameters");
  if (node === undefined) return [];
  if (checked.parameters === undefined || node.kind !== "map") return null;
  if (node.entries.size > MAX_PARAMETERS) {
    report.error(node.place, TOO_MANY);
    return null;
  }
  const randomSeed = checked["random-seed"] ?? 0;
  const built: BuiltParameter[] = [];
  for (const [name, entry] of node.entries) {
    const spec = Object.hasOwn(checked.parameters, name) ? checked.parameters[name] : undefined;
    if (spec === undefined || report.isFull()) continue;
    const parameter = buildParameter(name, spec, entry, { ...context, randomSeed });
    if (parameter !== null) built.push(parameter);
  }
  return built.length === node.entries.size ? built : null;
}

interface Entry {
  readonly values: readonly { readonly name: string; readonly key: Place; readonly value: Value }[];
}

/** The entries of `exclude` or `include`. */
function readEntries(node: Node | undefined, { report, warn }: Context): Entry[] {
  if (node?.kind !== "list") return [];
  return node.items.map((item) => {
    const respelled: Respelled[] = [];
    const values: Entry["values"][number][] = [];
    for (const [name, { key, value: held }] of item.kind === "map" ? item.entries : []) {
      if (RESERVED_NAMES.includes(name)) {
        report.error(key.place, `a parameter cannot be called ${name}`, reservedHint());
      }
      const value = readValue(held, report, respelled);
      if (value !== null) values.push({ name, key: key.place, value });
    }
    const warning = respelledWarning(respelled, (text) => `to keep its text, quote it: "${text}"`);
    if (warning !== null) warn(warning.place, warning.message, warning.hint);
    return { values };
  });
}

function toParameters({ values }: Entry): Parameters {
  return Object.fromEntries(values.map(({ name, value }) => [name, value]));
}

function readCombination(
  { combine }: CheckedSweep,
  root: MapNode,
  { report }: Context,
): Combination | null {
  if (combine === undefined) return null;
  try {
    return parseCombination(combine);
  } catch (error) {
    if (!(error instanceof CombinationError)) throw error;
    report.error(combinePlace(root, error.offset), `combine: ${error.message}`, error.hint);
    return null;
  }
}

function combinePlace(root: MapNode, offset: number): Place {
  const node = child(root, "combine");
  return isScalar(node) ? placeInside(node, offset, node.text.slice(offset)) : root.place;
}

function makeSpace(
  parameters: readonly BuiltParameter[],
  combination: Combination | null,
  exclude: readonly Parameters[],
  include: readonly Parameters[],
  root: MapNode,
  { report }: Context,
): Space | null {
  try {
    const axes = parameters.map(({ axis }) => axis);
    return space({ axes, combination, exclude, include });
  } catch (error) {
    if (!(error instanceof SpaceError)) throw error;
    report.error(spacePlace(error, parameters, root), error.message, error.hint);
    return null;
  }
}

function spacePlace(
  { place }: SpaceError,
  parameters: readonly BuiltParameter[],
  root: MapNode,
): Place {
  switch (place?.part) {
    case "axis":
      return parameters[place.index]?.key ?? root.place;
    case "combine":
      return combinePlace(root, place.offset);
    case "exclude":
    case "include": {
      const list = child(root, place.part);
      const entry = list?.kind === "list" ? list.items[place.index] : undefined;
      const key =
        entry?.kind === "map" && place.key !== null ? entry.entries.get(place.key)?.key : undefined;
      return (key ?? entry ?? root).place;
    }
    case undefined: {
      const cause = root.entries.get("exclude") ?? root.entries.get("parameters");
      return (cause?.key ?? root).place;
    }
  }
}
