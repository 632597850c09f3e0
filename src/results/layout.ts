import { ReportedError } from "../sweep/errors.ts";
import type { Parameters, Status } from "../sweep/sweep.ts";
import type { Metrics } from "./metrics.ts";

/** One point as the results tell of it. */
export interface Row {
  readonly name: string;
  readonly status: Status;
  /** True where an earlier execution ran it. */
  readonly cached: boolean;
  readonly exit_code: number | null;
  readonly attempts: number;
  /** Wall-clock seconds of the last attempt. */
  readonly seconds: number | null;
  readonly cpu_seconds: number | null;
  /** Bytes. */
  readonly peak_memory: number | null;
  readonly parameters: Parameters;
  readonly metrics: Metrics;
}

export type Cell = string | number | boolean | null;

export interface Column {
  /** Unique in the layout. */
  readonly heading: string;
  /** What it tells of. */
  readonly group: "point" | "parameter" | "metric";
  /** Its own name in that group. */
  readonly name: string;
  /** What all its cells are, if not missing; `string` where they differ. */
  readonly type: "string" | "boolean" | "integer" | "number";
  cell(row: Row): Cell;
}

/** As many columns as a spreadsheet takes: beyond, names are data that went astray. */
const MAX_COLUMNS = 16_384;

const FIXED: readonly Column[] = [
  fixed("name", "string", (row) => row.name),
  fixed("status", "string", (row) => row.status),
  fixed("cached", "boolean", (row) => row.cached),
  fixed("exit_code", "integer", (row) => row.exit_code),
  fixed("attempts", "integer", (row) => row.attempts),
  fixed("seconds", "number", (row) => row.seconds),
  fixed("cpu_seconds", "number", (row) => row.cpu_seconds),
  fixed("peak_memory", "integer", (row) => row.peak_memory),
];

function fixed(heading: string, type: Column["type"], cell: Column["cell"]): Column {
  return { heading, group: "point", name: heading, type, cell };
}

/**
 * The columns of a table of all `rows`: the fixed ones, the parameters, the metrics, the latter
 * two in the order in which they first appear. A parameter named like a fixed column is headed
 * `param.<name>`, a metric named like either is headed `result.<name>`, with the prefix again
 * where that is a name as well.
 *
 * @throws ReportedError (3) for more than 16,384 columns.
 */
export function layoutOf(rows: Iterable<Row>): readonly Column[] {
  const parameters = new Map<string, Types>();
  const metrics = new Map<string, Types>();
  for (const row of rows) {
    collectTypes(parameters, row.parameters);
    collectTypes(metrics, row.metrics);
    if (FIXED.length + parameters.size + metrics.size > MAX_COLUMNS) throw tooWide(metrics);
  }
  const taken = new Set(FIXED.map(({ heading }) => heading));
  const parameterHeadings = headings("param", [...parameters.keys()], taken);
  // A metric gives way to a parameter's own name too, where the parameter's heading is another.
  for (const name of [...parameters.keys(), ...parameterHeadings.values()]) taken.add(name);
  const metricHeadings = headings("result", [...metrics.keys()], taken);
  return [
    ...FIXED,
    ...columnsOf("parameter", parameters, parameterHeadings, (row) => row.parameters),
    ...columnsOf("metric", metrics, metricHeadings, (row) => row.metrics),
  ];
}

/** Bits for the types of a column's values. */
type Types = number;
const BOOLEAN = 1;
const INTEGER = 2;
const NUMBER = 4;
const STRING = 8;

function collectTypes(types: Map<string, Types>, values: Readonly<Record<string, Cell>>): void {
  for (const name of Object.keys(values)) {
    const known = types.get(name);
    const added = (known ?? 0) | typeOf(values[name] ?? null);
    if (added !== known) types.set(name, added);
  }
}

function typeOf(value: Cell): Types {
  if (typeof value === "number") return Number.isSafeInteger(value) ? INTEGER : NUMBER;
  if (typeof value === "string") return STRING;
  return value === null ? 0 : BOOLEAN;
}

function columnType(types: Types): Column["type"] {
  if (types === BOOLEAN) return "boolean";
  if (types === INTEGER) return "integer";
  // What is always missing was most likely always NaN.
  return (types & ~(INTEGER | NUMBER)) === 0 ? "number" : "string";
}

function headings(
  prefix: string,
  names: readonly string[],
  taken: ReadonlySet<string>,
): Map<string, string> {
  const own = names.filter((name) => !taken.has(name));
  const used = new Set([...taken, ...own]);
  return new Map(
    names.map((name) => {
      if (!taken.has(name)) return [name, name];
      let heading = `${prefix}.${name}`;
      while (used.has(heading)) heading = `${prefix}.${heading}`;
      used.add(heading);
      return [name, heading];
    }),
  );
}

function columnsOf(
  group: Column["group"],
  types: ReadonlyMap<string, Types>,
  headings: ReadonlyMap<string, string>,
  valuesOf: (row: Row) => Readonly<Record<string, Cell>>,
): Column[] {
  return [...headings].map(([name, heading]) => ({
    heading,
    group,
    name,
    type: columnType(types.get(name) ?? 0),
    cell: (row) => {
      const values = valuesOf(row);
      // Not what objects inherit: a metric may be called "constructor" in some points only.
      return Object.hasOwn(values, name) ? (values[name] ?? null) : null;
    },
  }));
}

function tooWide(metrics: ReadonlyMap<string, Types>): ReportedError {
  const examples = [...metrics.keys()].slice(-3).map((name) => JSON.stringify(name));
  return new ReportedError(
    3,
    `The results have more than ${MAX_COLUMNS} columns: the points report metrics of ever new ` +
      `names (${examples.join(", ")}).\nGive a metric the same name in every point. ` +
      "All values are in run.db, in the view `metrics`.",
  );
}
