import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { STATUSES, type Status } from "../sweep/sweep.ts";
import type { Row } from "./layout.ts";

const SCALAR = z.union([z.string(), z.number(), z.boolean()]);
const PARAMETERS = z.record(z.string(), SCALAR);
export const METRICS = z.record(z.string(), SCALAR.nullable());
const ROW = z.object({
  name: z.string(),
  status: z.enum(STATUSES),
  cached: z.number(),
  exit_code: z.number().nullable(),
  attempts: z.number(),
  seconds: z.number().nullable(),
  cpu_seconds: z.number().nullable(),
  peak_memory: z.number().nullable(),
  parameters: z.string(),
  metrics: z.string().nullable(),
});
const COUNT = z.object({ status: z.enum(STATUSES), count: z.number() });

/** The rows of the current plan's points, in its order, read as they are asked for. */
export function* pointRows(database: DatabaseSync): IterableIterator<Row> {
  const rows = database.prepare(
    `SELECT name, status, cached, exit_code, attempts, seconds, cpu_seconds, peak_memory,
       parameters, metrics FROM points ORDER BY idx`,
  );
  for (const raw of rows.iterate()) {
    const row = ROW.parse(raw);
    yield {
      ...row,
      cached: row.cached === 1,
      parameters: PARAMETERS.parse(JSON.parse(row.parameters)),
      metrics: row.metrics === null ? {} : METRICS.parse(JSON.parse(row.metrics)),
    };
  }
}

/** How many points of the current plan stand how; every status is there. */
export function statusCounts(database: DatabaseSync): Record<Status, number> {
  const counts: Record<Status, number> = {
    pending: 0,
    running: 0,
    succeeded: 0,
    failed: 0,
    "timed-out": 0,
    idle: 0,
    oom: 0,
    lost: 0,
    cancelled: 0,
  };
  const rows = database.prepare("SELECT status, count(*) AS count FROM points GROUP BY status");
  for (const row of rows.iterate()) {
    const { status, count } = COUNT.parse(row);
    counts[status] = count;
  }
  return counts;
}

/** Counts of points by status, added up to what people ask. */
export interface Tally {
  readonly points: number;
  /** Ended without success. */
  readonly failed: number;
  /** Never started, or did not end. */
  readonly unfinished: number;
}

/** Adds up the counts of all statuses. */
export function tally(counts: Readonly<Record<Status, number>>): Tally {
  const failed = counts.failed + counts["timed-out"] + counts.idle + counts.oom + counts.lost;
  const unfinished = counts.pending + counts.running + counts.cancelled;
  return { points: counts.succeeded + failed + unfinished, failed, unfinished };
}
