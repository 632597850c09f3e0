/** What a sweep file says, validated and with its defaults: the data that everything else reads. */

import type { Place } from "./errors.ts";

/** A parameter's value: what YAML can say in one scalar, with its type. */
export type Value = string | number | boolean;

/** A point's parameters, in the sweep's order. */
export type Parameters = Readonly<Record<string, Value>>;

/** How an attempt or a point stands; `pending` never started, `running` has not ended. */
export const STATUSES = [
  "pending",
  "running",
  "succeeded",
  "failed",
  "timed-out",
  "idle",
  "oom",
  "lost",
  "cancelled",
] as const;
export type Status = (typeof STATUSES)[number];

/** The statuses that `retries.on` may name. */
export const RETRYABLE = ["failed", "timed-out", "idle", "oom"] as const;
export type Retryable = (typeof RETRYABLE)[number];

/** A placeholder inside a text: what stands between `{{` and `}}`. */
export type Placeholder =
  | {
      readonly kind: "parameter";
      readonly name: string;
      /** The d3-format specifier, or null for the value as JavaScript writes it. */
      readonly spec: string | null;
    }
  | { readonly kind: "point"; readonly field: "index" | "name" }
  | { readonly kind: "folder"; readonly folder: "input" | "output" }
  | { readonly kind: "chunk"; readonly name: string; readonly end: "first" | "last" };

/** Text with placeholders, parsed once and rendered for each point. */
export interface Template {
  readonly source: string;
  readonly parts: readonly (string | Placeholder)[];
}

/**
 * The points of a sweep, made one by one and never held: combine, then exclude, then include.
 * `count` is known without visiting every point where nothing is excluded.
 */
export interface Space {
  readonly count: number;
  /** Every parameter name that some point has, in file order, those of `include` last. */
  readonly names: readonly string[];
  /** Points `from` (inclusive, default 0) to `to` (exclusive, default `count`), ascending. */
  points(from?: number, to?: number): IterableIterator<SpacePoint>;
  /** What the points are combined from, the slowest first; zipped parameters are one dimension. */
  readonly dimensions: readonly Dimension[];
  /** The same points as `points`, without making an object for each: for a million of them. */
  cursor(from?: number, to?: number): Cursor;
  /** The first point that does not have this parameter, or null; found without visiting all. */
  lacking(name: string): SpacePoint | null;
}

/** One independent dimension of a space: a parameter, a table's columns, or zipped parameters. */
export interface Dimension {
  readonly names: readonly string[];
  /** How many positions there are; values are computed from a position, not held. */
  readonly length: number;
  /** The value of `names[column]` at a position, both counted from 0. */
  value(position: number, column: number): Value;
}

/** Walks over points; stands before the first until `next` is called. */
export interface Cursor {
  /** Moves to the next point; false where there is none. */
  next(): boolean;
  readonly index: number;
  readonly ordinal: number;
  /** True for a combination of the dimensions, false for a point of `include`'s own. */
  readonly combined: boolean;
  /**
   * A combined point's position on each dimension; `include` changes none of their values. The
   * same array for every point.
   */
  readonly positions: readonly number[];
  /** The value of one parameter; undefined where the point does not have it. */
  value(name: string): Value | undefined;
  /** The point's parameters: an object of its own, made when first asked for. */
  parameters(): Parameters;
}

export interface SpacePoint {
  /** Position in the sweep, from 0. */
  readonly index: number;
  readonly parameters: Parameters;
  /** How many earlier points have equal parameters: above 0 only where draws repeat. */
  readonly ordinal: number;
}

export interface InputFile {
  /** A path relative to the sweep file's folder, or an https://, s3:// or gs:// address. */
  readonly from: string;
  /** Absolute in the task (`/mnt/input/...`, `/mnt/...`), normalised, without `..`. */
  readonly to: string;
}

export interface TemplateFile {
  readonly from: string;
  readonly to: string;
  /** The file's text, parsed. */
  readonly template: Template;
}

export interface Resources {
  /** Cores, fractions allowed; null: no limit. */
  readonly cpus: number | null;
  /** Bytes; null: no limit. */
  readonly memory: number | null;
  readonly gpus: number;
}

export type Isolation =
  | { readonly kind: "container" }
  | { readonly kind: "warm" }
  | {
      readonly kind: "batch";
      readonly size: number;
      /** The integer parameter whose contiguous chunks form the batches, or null. */
      readonly range: string | null;
    };

export type OnFailure =
  | { readonly kind: "continue" }
  /** Start nothing after this many failed points; `stop` is 1. */
  | { readonly kind: "stop"; readonly after: number };

export interface Build {
  /** The build context, relative to the sweep file's folder. */
  readonly context: string;
}

/**
 * Work on all outputs after the run. Frames, tiles and images are files in each point's outputs;
 * `to` is a relative path below the run folder's `finish/`.
 */
export type FinishStep =
  | {
      readonly kind: "video";
      readonly frames: Template;
      /** The numeric parameter that orders the frames. */
      readonly by: string;
      readonly fps: number;
      /** Pixels. */
      readonly width: number;
      readonly height: number;
      /** Ends in .mp4, .webm or .gif. */
      readonly to: string;
      readonly keepFrames: boolean;
      readonly allowMissing: boolean;
    }
  | {
      readonly kind: "tiles";
      readonly files: Template;
      /** The parameter that tells pictures apart; null: all tiles make one picture. */
      readonly by: string | null;
      readonly to: string;
    }
  | {
      readonly kind: "sheet";
      readonly images: Template;
      /** Null: the point's name. */
      readonly label: Template | null;
      /** Pictures in a row; null: as square as it gets. */
      readonly columns: number | null;
      readonly to: string;
    }
  | {
      readonly kind: "command";
      /** Null: the sweep's. */
      readonly image: string | null;
      /** Null: the image's own. */
      readonly entrypoint: readonly string[] | null;
      /** `{{ input }}` is the run folder, `{{ output }}` where the command writes. */
      readonly command: readonly Template[];
      readonly network: "none" | "bridge";
    };

/** What a sweep was loaded with: what it takes to load it again. */
export interface SweepRequest {
  /**
   * Path of the sweep file: relative to the working directory, or the root that was given, with
   * slashes; absolute outside of it.
   */
  readonly path: string;
  /** As the flag `--param` takes them. */
  readonly params: readonly string[];
  /** As the flag `--set` takes them. */
  readonly set: readonly string[];
  readonly allowOutside: boolean;
}

export interface Sweep {
  readonly name: string;
  /** Absolute path of the sweep file; null for a sweep made by the library. */
  readonly file: string | null;
  /** Null for a sweep made by the library. */
  readonly request: SweepRequest | null;
  /** Absolute folder against which the sweep's relative paths resolve. */
  readonly folder: string;
  /**
   * Absolute paths of what is read to make and run it: the file itself, its tables, templates and
   * local inputs, folders among them.
   */
  readonly reads: readonly string[];
  readonly image: string | null;
  readonly build: Build | null;
  /** The process engine's command words, before `command`; null where the sweep has none. */
  readonly process: readonly string[] | null;
  readonly space: Space;
  /** Null: the default name, made of the parameters. */
  readonly pointName: Template | null;
  /** Null: the image's own. */
  readonly entrypoint: readonly Template[] | null;
  readonly command: readonly Template[];
  readonly env: Readonly<Record<string, Template>>;
  /** Names of environment variables that hold secrets. */
  readonly secrets: readonly string[];
  readonly inputs: readonly InputFile[];
  readonly templates: readonly TemplateFile[];
  /** Globs relative to a point's output folder that must match. */
  readonly outputs: readonly Template[];
  readonly resources: Resources;
  /** `os/arch[/variant]`, or null for the engine's. */
  readonly platform: string | null;
  /** `host`, `image`, or `uid:gid`. */
  readonly user: string;
  readonly network: "none" | "bridge";
  /** Milliseconds an attempt; null: no limit. */
  readonly timeout: number | null;
  readonly idleTimeout: number | null;
  readonly retries: {
    readonly max: number;
    readonly on: readonly Retryable[];
    /** The memory limit is multiplied by this after each `oom`. */
    readonly memoryFactor: number;
  };
  readonly onFailure: OnFailure;
  readonly isolation: Isolation;
  readonly workers: number | "auto";
  /** Run after the points, in this order. */
  readonly finish: readonly FinishStep[];
  /** What the plan warns of: places where YAML's text and the value's text differ, and the like. */
  readonly warnings: readonly string[];
  /** Where the values of the file's keys stand, for errors that later steps find; may lack any. */
  readonly places: Readonly<Record<string, Place>>;
}
