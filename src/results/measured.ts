import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Scaling } from "../machines/compare.ts";
import type { Measured } from "../machines/estimate.ts";

const ROW = z.object({
  points: z.number(),
  cpuSeconds: z.number().nullable(),
  longest: z.number().nullable(),
});

/**
 * What a run's succeeded points tell about the time that others will take; null where none did. A
 * point that waits keeps its place all the same, so its seconds count where they are more than its
 * CPU seconds, or these are not known.
 */
export function measuredPoints(database: DatabaseSync): Measured | null {
  const row = database
    .prepare(
      `SELECT count(*) AS points, avg(max(coalesce(cpu_seconds, 0), seconds)) AS cpuSeconds,
         max(seconds) AS longest
       FROM points WHERE status = 'succeeded' AND seconds IS NOT NULL`,
    )
    .get();
  const { points, cpuSeconds, longest } = ROW.parse(row);
  return cpuSeconds === null || longest === null ? null : { points, cpuSeconds, longest };
}

const MEANS = z.object({
  points: z.number(),
  cpuSeconds: z.number().nullable(),
  seconds: z.number().nullable(),
  longest: z.number().nullable(),
});

/**
 * What a run's succeeded points tell of how they use processors; null where none did, or where their
 * CPU seconds could not be known.
 *
 * @param run how many processors the computer had that ran them, and how many points ran at once.
 */
export function measuredScaling(
  database: DatabaseSync,
  run: { readonly cpus: number; readonly workers: number },
): Scaling | null {
  const row = database
    .prepare(
      `SELECT count(*) AS points, avg(cpu_seconds) AS cpuSeconds, avg(seconds) AS seconds,
         max(seconds) AS longest
       FROM points WHERE status = 'succeeded' AND seconds > 0 AND cpu_seconds IS NOT NULL`,
    )
    .get();
  const { points, cpuSeconds, seconds, longest } = MEANS.parse(row);
  if (cpuSeconds === null || seconds === null || longest === null) return null;
  const together = Math.max(1, Math.min(run.workers, points));
  return { cpuSeconds, seconds, longest, cores: Math.max(1, run.cpus / together) };
}
