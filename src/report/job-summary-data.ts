import { z } from "zod";
import { readDatabase } from "../results/database.ts";
import { type Failure, failures } from "../results/failures.ts";
import { runFolder } from "../results/folder.ts";
import { type Cell, layoutOf, type Row } from "../results/layout.ts";
import { pointRows, statusCounts } from "../results/rows.ts";
import { STATUSES, type Status } from "../sweep/sweep.ts";
import { type Chart, chooseChart } from "./job-summary-chart.ts";
import { clean, cut } from "./markdown.ts";

/** What a run folder does not say of itself. */
export interface SummaryFacts {
  /** Wall-clock, of the run. */
  readonly seconds: number;
  /** Points without a result, by shard. */
  readonly missing?: readonly {
    readonly shard: number;
    readonly points: readonly string[];
    readonly why: string;
  }[];
  /** Where the results were uploaded to. */
  readonly artifact?: { readonly name: string; readonly url: string } | null;
  /** The workflow run. */
  readonly workflow?: { readonly repository: string; readonly runId: number } | null;
  /** Path relative to the repository's root, and overrides as the flags take them. */
  readonly sweep?: {
    readonly path: string;
    readonly params: readonly string[];
    readonly set: readonly string[];
  } | null;
}

/** All that a job's summary shows, read from a run folder. */
export interface SummaryData extends Required<SummaryFacts> {
  readonly name: string;
  /** Every status is there. */
  readonly counts: Readonly<Record<Status, number>>;
  readonly points: number;
  /** Of the succeeded ones, those that an earlier run ran. */
  readonly cached: number;
  /** Null where nothing ran. */
  readonly engine: string | null;
  readonly image: string | null;
  /** Seconds of the points' last attempts that this run made. */
  readonly work: { readonly sum: number; readonly cpu: number; readonly longest: Longest | null };
  readonly columns: readonly { readonly heading: string; readonly right: boolean }[];
  /** Columns beyond those. */
  readonly moreColumns: number;
  /** The first points, those that did not succeed before the others. */
  readonly rows: readonly (readonly Cell[])[];
  readonly chart: Chart | null;
  /** The first points that failed, with the ends of their logs. */
  readonly failures: readonly Failure[];
  /** How many there are. */
  readonly failed: number;
}

interface Longest {
  readonly name: string;
  readonly seconds: number;
}

/** Limits of what is taken from a run folder; what does not fit in the end is left out there. */
const ROWS = 500;
const COLUMNS = 14;
const FAILURES = 20;
const CELL = 200;
const LINE = 1000;

const RUN = z.object({ sweep: z.string() });
const EXECUTION = z.object({ engine: z.string(), image: z.string() });

/**
 * Reads what a job's summary shows from a run folder in which nobody runs any more.
 *
 * @throws ReportedError as `readDatabase`.
 */
export function summaryData(root: string, facts: SummaryFacts): SummaryData {
  const folder = runFolder(root);
  using database = readDatabase(folder);
  const { sweep: name } = RUN.parse(database.prepare("SELECT sweep FROM run").get());
  const execution = EXECUTION.optional().parse(
    database.prepare("SELECT engine, image FROM executions ORDER BY number DESC LIMIT 1").get(),
  );
  const counts = statusCounts(database);
  const gathered = gather(pointRows(database));
  return {
    missing: [],
    artifact: null,
    workflow: null,
    sweep: null,
    ...facts,
    name,
    counts,
    points: STATUSES.reduce((sum, status) => sum + counts[status], 0),
    engine: execution?.engine ?? null,
    image: execution?.image ?? null,
    ...gathered,
    chart: chooseChart(database),
    failures: failures(database, folder, FAILURES).map((failure) => ({
      ...failure,
      lastLines: failure.lastLines.map((line) => cut(clean(lastState(line)), LINE)),
    })),
    failed: counts.failed + counts["timed-out"] + counts.idle + counts.oom + counts.lost,
  };
}

/** What a terminal shows of a line in the end: a progress bar goes back to its start. */
function lastState(line: string): string {
  return line.split("\r").findLast((state) => state.trim() !== "") ?? "";
}

/** One pass over all rows, of which few are kept. */
function gather(
  rows: Iterable<Row>,
): Pick<SummaryData, "cached" | "work" | "columns" | "moreColumns" | "rows"> {
  const bad: Row[] = [];
  const good: Row[] = [];
  let cached = 0;
  let sum = 0;
  let cpu = 0;
  let longest: Longest | null = null;
  const look = (row: Row) => {
    const kept = row.status === "succeeded" ? good : bad;
    if (kept.length < ROWS) kept.push(row);
    if (row.cached) {
      cached++;
      return;
    }
    sum += row.seconds ?? 0;
    cpu += row.cpu_seconds ?? 0;
    if (row.seconds !== null && row.seconds > (longest?.seconds ?? 0)) {
      longest = { name: row.name, seconds: row.seconds };
    }
  };
  const shown = layoutOf(tap(rows, look)).filter(({ heading }) => !DETAILS.has(heading));
  const columns = shown.slice(0, COLUMNS);
  return {
    cached,
    work: { sum, cpu, longest },
    columns: columns.map(({ heading, type }) => ({
      heading: cut(heading, CELL),
      right: type === "integer" || type === "number",
    })),
    moreColumns: shown.length - columns.length,
    rows: [...bad, ...good]
      .slice(0, ROWS)
      .map((row) => columns.map((column) => short(column.cell(row)))),
  };
}

/** What the exports have and hardly anybody looks for here. A parameter has never such a heading. */
const DETAILS = new Set(["cached", "exit_code", "attempts", "cpu_seconds", "peak_memory"]);

function short(cell: Cell): Cell {
  return typeof cell === "string" ? cut(cell, CELL) : cell;
}

function* tap<T>(items: Iterable<T>, look: (item: T) => void): Iterable<T> {
  for (const item of items) {
    look(item);
    yield item;
  }
}
