import { getState } from "@actions/core";
import { z } from "zod";
import { PROVIDERS } from "../machines/provider.ts";

/** Names of what main steps leave for their post steps. */
export const SHARD_STATE = "shard";
export const SWEEP_STATE = "sweep";
export const POOL_STATE = "pool";
/** Of a sweep that may have rented a machine. */
export const RENTED_STATE = "rented";

const SHARD = z.object({
  /** Absolute path of the plan that was downloaded. */
  planTar: z.string(),
  shard: z.number(),
  /** Absolute path of the run folder; its parent is for files beside it. */
  folder: z.string(),
  retentionDays: z.number().nullable(),
  /** Names of the sweep's secrets. */
  secrets: z.array(z.string()),
});
/** What the post step has to know of a shard that the main step did not upload. */
export type ShardState = Readonly<z.infer<typeof SHARD>>;

const SWEEP = z.object({
  /** Absolute path of the run folder. */
  folder: z.string(),
  /** Name of the artifact with the results. */
  artifact: z.string(),
  retentionDays: z.number().nullable(),
  /** Names of the sweep's secrets. */
  secrets: z.array(z.string()),
});
/** The same of a whole sweep. */
export type SweepState = Readonly<z.infer<typeof SWEEP>>;

const POOL = z.object({
  provider: z.enum(PROVIDERS),
  /** Absolute path of the folder in which the leases are recorded. */
  store: z.string(),
  /** Tells several pools of one workflow run apart. */
  name: z.string().nullable(),
});
/** What the post step has to know of machines that the main step did not bring up whole. */
export type PoolState = Readonly<z.infer<typeof POOL>>;

/** The shard that the main step began and did not upload, or null. */
export function shardState(): ShardState | null {
  return read(SHARD_STATE, SHARD);
}

/** The sweep that the main step began and did not upload, or null. */
export function sweepState(): SweepState | null {
  return read(SWEEP_STATE, SWEEP);
}

/** The machines that the main step began to rent and did not bring up whole, or null. */
export function poolState(): PoolState | null {
  return read(POOL_STATE, POOL);
}

function read<T>(name: string, schema: z.ZodType<T>): T | null {
  const text = getState(name);
  return text === "" ? null : schema.nullable().parse(JSON.parse(text));
}
