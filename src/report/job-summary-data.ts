import { readDatabase } from "../results/database.ts";
import { type Failure, failures } from "../results/failures.ts";
import { runFolder } from "../results/folder.ts";
import { type Cell, layoutOf, type Row } from "../results/layout.ts";
import { pointRows } from "../results/rows.ts";
import type { Status } from "../sweep/sweep.ts";
import type { Work } from "./document.ts";
import { type Chart, chooseChart } from "./job-summary-chart.ts";
import { clean, cut } from "./markdown.ts";
import { DETAIL_HEADINGS, overview, workOf } from "./overview.ts";

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
  /** What machines rented for it cost, for people; null where none were. */
  readonly cost: string | null;
  readonly work: Work;
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

/** Limits of what is taken from a run folder; what does not fit in the end is left out there. */
const ROWS = 500;
const COLUMNS = 14;
const FAILURES = 20;
const CELL = 200;
const LINE = 1000;

/**
 * Reads what a job's summary shows from a run folder in which nobody runs any more.
 *
 * @throws ReportedError as `readDatabase`.
 */
export function summaryData(root: string, facts: SummaryFacts): SummaryData {
  const folder = runFolder(root);
  using database = readDatabase(folder);
  const gathered = gather(pointRows(database));
  return {
    missing: [],
    artifact: null,
    workflow: null,
    sweep: null,
    ...facts,
    ...overview(database),
    ...workOf(database),
    ...gathered,
    chart: chooseChart(database),
    failures: failures(database, folder, FAILURES).map((failure) => ({
      ...failure,
      lastLines: failure.lastLines.map((line) => cut(clean(lastState(line)), LINE)),
    })),
  };
}

/** What a terminal shows of a line in the end: a progress bar goes back to its start. */
function lastState(line: string): string {
  return line.split("\r").findLast((state) => state.trim() !== "") ?? "";
}

/** One pass over all rows, of which few are kept. */
function gather(rows: Iterable<Row>): Pick<SummaryData, "columns" | "moreColumns" | "rows"> {
  const bad: Row[] = [];
  const good: Row[] = [];
  const look = (row: Row) => {
    const kept = row.status === "succeeded" ? good : bad;
    if (kept.length < ROWS) kept.push(row);
  };
  const shown = layoutOf(tap(rows, look)).filter(({ heading }) => !DETAIL_HEADINGS.has(heading));
  const columns = shown.slice(0, COLUMNS);
  return {
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

function short(cell: Cell): Cell {
  return typeof cell === "string" ? cut(cell, CELL) : cell;
}

function* tap<T>(items: Iterable<T>, look: (item: T) => void): Iterable<T> {
  for (const item of items) {
    look(item);
    yield item;
  }
}
