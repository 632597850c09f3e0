import type { Status } from "../sweep/sweep.ts";

// What stands as JSON in a report's page: the contract between the code that reads run folders and
// the client, which runs in a browser.

export type ReportDocument = RunDocument | ComparisonDocument;

/** What the job's summary and the report say first of a run. */
export interface Overview {
  /** The sweep's. */
  readonly name: string;
  /** Every status is there. */
  readonly counts: Readonly<Record<Status, number>>;
  readonly points: number;
  /** Points that ended without success. */
  readonly failed: number;
  /** Of the last start; null where nothing ran. */
  readonly engine: string | null;
  readonly image: string | null;
  /** What machines rented for it cost, for people; null where none were. */
  readonly cost: string | null;
}

/** What the points took, of their last attempts that this run made. */
export interface Work {
  /** Wall-clock seconds of all points together. */
  readonly sum: number;
  /** CPU seconds. */
  readonly cpu: number;
  readonly longest: { readonly name: string; readonly seconds: number } | null;
}

/** One run. */
export interface RunDocument extends Overview {
  readonly kind: "run";
  /** When the report was made, ISO 8601. */
  readonly made: string;
  /** Seconds in which an orchestrator was at it, all starts together. */
  readonly elapsed: number;
  readonly cached: number;
  readonly work: Work;
  readonly executions: readonly ExecutionData[];
  readonly table: TableData;
  /** Headings of what is drawn first; null where nothing is to be drawn. */
  readonly axes: { readonly parameter: string; readonly metric: string } | null;
  readonly pictures: PictureData;
  readonly attempts: AttemptData;
  readonly failures: readonly FailureData[];
  readonly finish: readonly FinishData[];
  /** Whether it is known from which sweep file, with which overrides: the commands have them. */
  readonly sweepFile: boolean;
  readonly commands: readonly CommandData[];
  /** Words before a point's own parameters in the command that runs it alone. */
  readonly pointCommand: readonly string[];
}

export type Cell = string | number | boolean | null;

export interface ColumnData {
  /** Unique in the table. */
  readonly heading: string;
  readonly group: "point" | "parameter" | "metric";
  /** Its own name, as the sweep or the simulation has it. */
  readonly name: string;
  readonly type: "string" | "boolean" | "integer" | "number";
  /** A detail that is not shown at first. */
  readonly detail: boolean;
  /** One a row. */
  readonly values: readonly Cell[];
}

export interface TableData {
  readonly rows: number;
  readonly columns: readonly ColumnData[];
  /** What the page has no room for. */
  readonly moreRows: number;
  readonly moreColumns: number;
}

/** Pictures and videos among the outputs of points: in `points/<name of the row>/<path>`. */
export interface PictureData {
  readonly paths: readonly string[];
  /** Pairs: a row, an index into `paths`; ascending. */
  readonly items: readonly number[];
  readonly more: number;
}

/** A start of an orchestrator. */
export interface ExecutionData {
  readonly number: number;
  /** Seconds since 1970. */
  readonly started: number;
  readonly ended: number | null;
  readonly engine: string;
  readonly image: string;
  /** What of the image is in every content key. */
  readonly identity: string;
  readonly workers: number;
}

/** Every attempt of the table's points, by column. */
export interface AttemptData {
  readonly row: readonly number[];
  readonly attempt: readonly number[];
  /** The execution's number. */
  readonly execution: readonly number[];
  readonly worker: readonly number[];
  /** Seconds since the first one. */
  readonly start: readonly number[];
  /** Null while it runs, and where its end is not known. */
  readonly seconds: readonly (number | null)[];
  /** Indices into STATUSES. */
  readonly status: readonly number[];
  readonly more: number;
}

export interface FailureData {
  readonly name: string;
  readonly status: Status;
  readonly reason: string | null;
  readonly attempts: number;
  /** Relative to the run folder, encoded for an address; null where there is none. */
  readonly href: string | null;
  /** The end of the last attempt's log; null beyond what the page has room for. */
  readonly log: string | null;
  /** Bytes of the log before that. */
  readonly cut: number;
}

export interface FinishData {
  readonly kind: string;
  readonly status: Status;
  readonly cached: boolean;
  readonly seconds: number | null;
  readonly reason: string | null;
  /** Paths relative to the run folder's `finish/`. */
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly moreFiles: number;
  /** The end of its log where it did not succeed. */
  readonly log: string | null;
  /** Of its log, as in `FailureData`. */
  readonly href: string | null;
}

export interface CommandData {
  readonly title: string;
  readonly text: string;
}

/** Two runs, A before and B after. */
export interface ComparisonDocument {
  readonly kind: "comparison";
  readonly made: string;
  readonly a: RunSide;
  readonly b: RunSide;
  /** Parts of what content keys are made from, and the values of parameters. */
  readonly changes: readonly Change[];
  readonly table: PairedTable;
  /** Points with pictures of the same path in both. */
  readonly pictures: readonly PicturePair[];
  readonly commands: readonly CommandData[];
}

export interface RunSide extends Overview {
  /** The run folder's name. */
  readonly folder: string;
  /** Of the folder, relative to the page, encoded, with a slash at its end. */
  readonly base: string;
  /** Seconds since 1970; null where nothing ran. */
  readonly started: number | null;
  readonly elapsed: number;
  readonly work: Work;
  /** As in `RunDocument`. */
  readonly sweepFile: boolean;
}

export interface Change {
  readonly part: string;
  readonly a: string;
  readonly b: string;
}

/** Points of both runs, a row each. */
export interface PairedTable {
  readonly names: readonly string[];
  /** Null where the run has no such point. */
  readonly statusA: readonly (Status | null)[];
  readonly statusB: readonly (Status | null)[];
  /** True where the content keys are the same. */
  readonly same: readonly boolean[];
  readonly metrics: readonly PairedMetric[];
  readonly moreRows: number;
}

export interface PairedMetric {
  readonly heading: string;
  readonly a: readonly (number | null)[];
  readonly b: readonly (number | null)[];
}

export interface PicturePair {
  /** In the paired table. */
  readonly row: number;
  readonly path: string;
  /** Relative to each side's base, encoded. */
  readonly a: string;
  readonly b: string;
  /** True where the bytes are the same. */
  readonly same: boolean;
}
