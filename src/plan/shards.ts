import { hash } from "node:crypto";
import { z } from "zod";
import { ReportedError } from "../sweep/errors.ts";
import { cutByWeight, cutEvenly } from "./balance.ts";
import { canonicalJson } from "./canonical.ts";
import { parseIndices } from "./indices.ts";
import type { Plan } from "./plan.ts";

/** Jobs that one matrix can have: https://docs.github.com/en/actions/reference/limits */
const MAX_SHARDS = 256;

/** Where nobody says how many. */
const DEFAULT_SHARDS = 20;

const WHOLE = z.int().nonnegative();
const SHA256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Relative, with `/`; neither empty steps nor those that lead up. */
const PATH = z.string().refine(
  (path) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    path.length <= 4096 && !/(?:^|\/)(?:\.{0,2})(?:\/|$)|[\u0000-\u001f\u007f\\]/.test(path),
  "no relative path",
);

/** What travels from the planning job to those that run and collect. */
export const PLAN_FILE = z
  .strictObject({
    version: z.literal(1),
    sweep: z.strictObject({
      name: z.string(),
      /** Of the sweep file, relative to the repository's root. */
      path: PATH,
      params: z.array(z.string()),
      set: z.array(z.string()),
    }),
    /** Of the whole plan. */
    points: z.int().positive(),
    /** Ascending point indices: shard i has `boundaries[i] <= index < boundaries[i + 1]`. */
    boundaries: z
      .array(WHOLE)
      .min(2)
      .max(MAX_SHARDS + 1),
    /** The points among them that an earlier run has, as an integer range expression. */
    done: z.string(),
    /** Where the results of `done` are. */
    resume: z
      .strictObject({
        run: z.int().positive(),
        artifacts: z.array(z.strictObject({ id: z.int().positive(), name: z.string() })),
      })
      .nullable(),
    /** What the keys of `done` are made with; null where there are none. */
    keys: z
      .strictObject({
        identity: z.string(),
        inputs: z.array(z.strictObject({ to: z.string(), sha256: SHA256 })),
      })
      .nullable(),
    commit: z.string().nullable(),
    /** `owner/name` */
    repository: z.string().nullable(),
    /** Whether a shard needs a checkout of `commit`. */
    checkout: z.boolean(),
    /** What the sweep reads; `carried` along with the plan, or else part of the checkout. */
    files: z.array(z.strictObject({ path: PATH, sha256: SHA256, carried: z.boolean() })),
  })
  .refine(({ boundaries, points }) => boundaries[0] === 0 && boundaries.at(-1) === points, {
    message: "the shards are not all points",
  })
  .refine(
    ({ boundaries }) => boundaries.every((at, i) => i === 0 || at >= (boundaries[i - 1] ?? 0)),
    {
      message: "the shards are in no order",
    },
  )
  .refine(({ files }) => new Set(files.map(({ path }) => path)).size === files.length, {
    message: "a file is listed twice",
  })
  .refine(({ done, keys }) => done === "" || keys !== null, { message: "done points need keys" })
  .refine(({ done, points }) => isIndices(done, points), { message: "done: no list of points" });
export type PlanFile = Readonly<z.infer<typeof PLAN_FILE>>;

function isIndices(text: string, below: number): boolean {
  try {
    parseIndices(text, below);
    return true;
  } catch {
    return false;
  }
}

/** What a shard's tar says of itself. */
export const SHARD_FILE = z.strictObject({
  version: z.literal(1),
  /** Digest of the plan. */
  plan: SHA256,
  shard: WHOLE,
  /** From 1: the attempt of the workflow's run. */
  attempt: z.int().positive(),
  /** Whether every point of the shard ended, or was not started by the sweep's own rule. */
  complete: z.boolean(),
  /** The sweep's name. */
  sweep: z.string(),
});
export type ShardFile = Readonly<z.infer<typeof SHARD_FILE>>;

/** SHA-256 of the plan's canonical JSON, in hex: what its shards name it by. */
export function planDigest(file: PlanFile): string {
  return hash("sha256", canonicalJson(file));
}

/** How many shards a plan has, less than that where there are fewer points to run. */
function shardCount(asked: number | null, toRun: number): number {
  const shards = asked ?? DEFAULT_SHARDS;
  if (!Number.isSafeInteger(shards) || shards < 1 || shards > MAX_SHARDS) {
    throw new ReportedError(
      2,
      `shards: ${shards} is not a whole number from 1 to ${MAX_SHARDS}, the jobs that one matrix ` +
        `can have.\nSet shards to ${MAX_SHARDS} or less: each shard runs as many points as it ` +
        "takes, several at once.",
    );
  }
  return Math.max(1, Math.min(shards, toRun));
}

/**
 * Cuts a plan into contiguous shards, balanced by their number of points, or by measured seconds
 * where there are some: a point without takes the median. Done points weigh nothing.
 *
 * @throws ReportedError (2) for a number of shards that cannot be.
 */
export function shardBoundaries(
  plan: Plan,
  options: {
    /** Null: 20. */
    readonly shards: number | null;
    /** Ascending. */
    readonly done: readonly number[];
    /** By point name. */
    readonly seconds?: ReadonlyMap<string, number>;
  },
): number[] {
  const { done, seconds } = options;
  const toRun = plan.count - done.length;
  const shards = shardCount(options.shards, toRun);
  if (toRun === 0) return [0, plan.count];
  const cuts =
    seconds === undefined || seconds.size === 0
      ? cutEvenly(toRun, shards)
      : cutByWeight(weightsOf(plan, done, seconds), shards);
  const index = runnable(done);
  return cuts.map((cut, i) => (i === 0 ? 0 : i === shards ? plan.count : index(cut)));
}

/** The index of the n-th point that is not done, for ascending n. */
function runnable(done: readonly number[]): (n: number) => number {
  let before = 0;
  return (n) => {
    while (before < done.length && (done[before] ?? 0) <= n + before) before++;
    return n + before;
  };
}

function weightsOf(
  plan: Plan,
  done: readonly number[],
  seconds: ReadonlyMap<string, number>,
): number[] {
  const measured = [...seconds.values()].filter(isDuration).sort((a, b) => a - b);
  const median = measured[Math.floor(measured.length / 2)] ?? 1;
  const weights: number[] = [];
  let next = 0;
  for (const { index, name } of plan.points()) {
    if (done[next] === index) {
      next++;
      continue;
    }
    const known = seconds.get(name);
    weights.push(known !== undefined && isDuration(known) ? known : median);
  }
  return weights;
}

function isDuration(seconds: number): boolean {
  return Number.isFinite(seconds) && seconds >= 0;
}

/** A job of the matrix: its shard, and its points as people read them. */
export interface MatrixEntry {
  readonly shard: number;
  /** As `120-159`, or `none`. */
  readonly points: string;
}

/** The matrix of a plan's jobs, as GitHub's `fromJSON` takes it. */
export function shardMatrix(file: PlanFile): { readonly include: MatrixEntry[] } {
  const done = parseIndices(file.done, file.points);
  const include = file.boundaries.slice(1).map((to, shard) => {
    let first = file.boundaries[shard] ?? 0;
    let last = to - 1;
    while (first <= last && done.has(first)) first++;
    while (last > first && done.has(last)) last--;
    return {
      shard,
      points: first > last ? "none" : first === last ? `${first}` : `${first}-${last}`,
    };
  });
  return { include };
}

/**
 * The points that a shard runs, as a plan of their own; indices and names stay those of the whole.
 *
 * @throws ReportedError (2) for a shard that the plan does not have.
 */
export function shardPlan(plan: Plan, file: PlanFile, shard: number): Plan {
  const from = file.boundaries[shard];
  const to = file.boundaries[shard + 1];
  if (from === undefined || to === undefined) {
    const last = file.boundaries.length - 2;
    throw new ReportedError(
      2,
      `shard: the plan has no shard ${shard}; its shards are 0 to ${last}.\n` +
        "Give each job the shard of its own matrix entry, matrix.shard.",
    );
  }
  const done = parseIndices(file.done, file.points);
  let count = 0;
  for (let index = from; index < to; index++) if (!done.has(index)) count++;
  return {
    ...plan,
    count,
    *points(first = from, end = to) {
      for (const point of plan.points(Math.max(first, from), Math.min(end, to))) {
        if (!done.has(point.index)) yield point;
      }
    },
  };
}
