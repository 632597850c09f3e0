import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Measured } from "../machines/estimate.ts";

const ROW = z.object({
  points: z.number(),
  cpuSeconds: z.number().nullable(),
  longest: z.number().nullable(),
});

/**
 * What a run's succeeded points tell about the time that others will take; null where none did. A
 * point's seconds stand for its CPU seconds where these could not be known.
 */
export function measuredPoints(database: DatabaseSync): Measured | null {
  const row = database
    .prepare(
      `SELECT count(*) AS points, avg(coalesce(cpu_seconds, seconds)) AS cpuSeconds,
         max(seconds) AS longest
       FROM points WHERE status = 'succeeded' AND seconds IS NOT NULL`,
    )
    .get();
  const { points, cpuSeconds, longest } = ROW.parse(row);
  return cpuSeconds === null || longest === null ? null : { points, cpuSeconds, longest };
}
