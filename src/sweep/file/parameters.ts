import {
  type Axis,
  AxisError,
  isRangeExpression,
  linspaceAxis,
  listAxis,
  logspaceAxis,
  rangeAxis,
  sampleAxis,
  tableAxis,
} from "../axis.ts";
import type { Distribution } from "../distribution.ts";
import { RESERVED_NAMES } from "../template.ts";
import { type Bounds, FileProblem, resolveInside } from "./files.ts";
import type { ParameterSpec } from "./parameter-schema.ts";
import type { Place, Report } from "./source.ts";
import { readTable, reservedHint, type Table } from "./table.ts";
import { child, type MapEntry, type Node, placeInside } from "./tree.ts";
import {
  INTEGERS,
  isScalar,
  type Kinds,
  kindsOf,
  NUMBERS,
  type Respelled,
  readValue,
  readValues,
  respelledWarning,
} from "./values.ts";

/** An entry of `parameters`: one parameter, or a table with its columns. */
export interface BuiltParameter {
  readonly axis: Axis;
  readonly key: Place;
  /** By name: one, or a table's columns. */
  readonly kinds: ReadonlyMap<string, Kinds>;
}

export interface ParameterContext extends Bounds {
  readonly randomSeed: number;
  readonly report: Report;
  warn(place: Place, message: string, hint: string): void;
}

/** Builds a parameter's axis. Reports what is wrong and returns null. */
export function buildParameter(
  name: string,
  spec: ParameterSpec,
  { key, value: node }: MapEntry,
  context: ParameterContext,
): BuiltParameter | null {
  const { report } = context;
  const isTable = typeof spec === "object" && "file" in spec;
  if (!isTable && RESERVED_NAMES.includes(name)) {
    report.error(key.place, `a parameter cannot be called ${name}`, reservedHint());
    return null;
  }
  const place = key.place;
  const respelled: Respelled[] = [];
  const before = report.diagnostics.length;
  try {
    if (isTable) return buildTable(name, node, place, context);
    const axis = buildAxis(name, spec, node, respelled, context);
    if (axis === null || report.diagnostics.length > before) return null;
    const warning = respelledWarning(respelled, (text) => `to keep its text, quote it: "${text}"`);
    if (warning !== null) context.warn(warning.place, warning.message, warning.hint);
    return { axis, key: place, kinds: new Map([[name, kindsOfSpec(spec, axis)]]) };
  } catch (error) {
    if (!(error instanceof AxisError)) throw error;
    const subject = error.message.startsWith(`${name} `) ? "" : `${name}: `;
    report.error(placeOf(error, node), subject + error.message, error.hint);
    return null;
  }
}

function buildAxis(
  name: string,
  spec: Exclude<ParameterSpec, { file: string }>,
  node: Node,
  respelled: Respelled[],
  { report, randomSeed }: ParameterContext,
): Axis | null {
  if (node.kind === "list") {
    const values = readValues(node.items, report, respelled);
    return values === null ? null : listAxis(name, values);
  }
  if (typeof spec !== "object") {
    if (typeof spec === "string" && isRangeExpression(spec)) {
      const hint = `write {range: "${spec}"}, or ["${spec}"] for the text itself`;
      report.error(node.place, `${name}: is "${spec}" a range or a text?`, hint);
      return null;
    }
    const value = readValue(node, report, respelled);
    return value === null ? null : listAxis(name, [value]);
  }
  if (Array.isArray(spec)) return null;
  if ("range" in spec) return rangeAxis(name, spec.range);
  if ("linspace" in spec) return linspaceAxis(name, ...spec.linspace);
  if ("logspace" in spec) return logspaceAxis(name, ...spec.logspace);
  const { samples, ...distribution } = spec;
  readDrawn(node, report, respelled);
  return sampleAxis(name, distribution satisfies Distribution, samples, randomSeed);
}

/** Checks the values that `constant` and `categorical` list. */
function readDrawn(node: Node, report: Report, respelled: Respelled[]): void {
  const value = child(node, "value");
  if (value !== undefined) readValue(value, report, respelled);
  const values = child(node, "values");
  if (values?.kind === "list") readValues(values.items, report, respelled);
}

function kindsOfSpec(spec: ParameterSpec, axis: Axis): Kinds {
  if (typeof spec !== "object") return kindsOf([spec]);
  if (Array.isArray(spec)) return kindsOf(spec);
  if ("range" in spec) return INTEGERS;
  if ("distribution" in spec) return kindsOfDistribution(spec);
  if ("linspace" in spec) {
    const second = axis.length > 1 ? axis.value(1, 0) : 0;
    return kindsOf([axis.value(0, 0), second]).integers ? INTEGERS : NUMBERS;
  }
  return axis.length === 1 && Number.isInteger(axis.value(0, 0)) ? INTEGERS : NUMBERS;
}

function kindsOfDistribution(distribution: Distribution): Kinds {
  if (distribution.distribution === "constant") return kindsOf([distribution.value]);
  if (distribution.distribution === "categorical") return kindsOf(distribution.values);
  if (distribution.distribution === "int_uniform") return INTEGERS;
  const rounded = distribution.distribution.startsWith("q_");
  const q = "q" in distribution ? (distribution.q ?? 1) : 1;
  return rounded && Number.isInteger(q) ? INTEGERS : NUMBERS;
}

function buildTable(
  name: string,
  node: Node,
  key: Place,
  context: ParameterContext,
): BuiltParameter | null {
  const { report, warn } = context;
  const file = child(node, "file");
  if (!isScalar(file)) return null;
  let table: Table | null;
  try {
    const path = resolveInside(file.text, context);
    report.name(path);
    table = readTable(path, file.text, report);
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    report.error(file.place, `${file.text} ${error.message}`, error.hint);
    return null;
  }
  if (table === null) return null;
  const { columns, rows, source, offsets } = table;
  try {
    const axis = tableAxis(name, columns, rows);
    for (const respelled of table.respelled) {
      const remedy = () => "a .jsonl table keeps texts as texts";
      const warning = respelledWarning(respelled, remedy);
      if (warning !== null) warn(warning.place, warning.message, warning.hint);
    }
    const kinds = new Map(
      columns.map((column, index) => [column, kindsOf(columnValues(rows, index))]),
    );
    return { axis, key, kinds };
  } catch (error) {
    if (!(error instanceof AxisError)) throw error;
    const offset = error.at === null ? 0 : (offsets[error.at] ?? 0);
    report.error({ source, offset }, error.message, error.hint);
    return null;
  }
}

function* columnValues<T>(rows: readonly (readonly T[])[], column: number): Iterable<T> {
  for (const row of rows) {
    const value = row[column];
    if (value !== undefined) yield value;
  }
}

/** Where an axis's error is: an item, a character of a range, or a distribution's field. */
function placeOf(error: AxisError, node: Node): Place {
  const field = error.field === null ? undefined : child(node, error.field);
  const held =
    field ?? child(node, "range") ?? child(node, "linspace") ?? child(node, "logspace") ?? node;
  if (error.at === null) return held.place;
  if (held.kind === "list") return held.items[error.at]?.place ?? held.place;
  return held.kind === "scalar" ? placeInside(held, error.at, "") : held.place;
}
