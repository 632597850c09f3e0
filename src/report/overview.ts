import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { machinesOf, runCost } from "../results/machines.ts";
import { statusCounts, tally } from "../results/rows.ts";
import { costText } from "./cost.ts";
import type { Overview, Work } from "./document.ts";

/** What the exports have and hardly anybody looks for. A parameter has never such a heading. */
export const DETAIL_HEADINGS: ReadonlySet<string> = new Set([
  "cached",
  "exit_code",
  "attempts",
  "cpu_seconds",
  "peak_memory",
]);

const RUN = z.object({ sweep: z.string() });
const EXECUTION = z.object({ engine: z.string(), image: z.string() });

/** Reads it from a run's database. */
export function overview(database: DatabaseSync): Overview {
  const { sweep: name } = RUN.parse(database.prepare("SELECT sweep FROM run").get());
  const execution = EXECUTION.optional().parse(
    database.prepare("SELECT engine, image FROM executions ORDER BY number DESC LIMIT 1").get(),
  );
  const counts = statusCounts(database);
  const { points, failed } = tally(counts);
  const cost = runCost(machinesOf(database), Date.now());
  return {
    name,
    counts,
    points,
    failed,
    engine: execution?.engine ?? null,
    image: execution?.image ?? null,
    cost: cost === null ? null : costText(cost),
  };
}

const WORK = z.object({ cached: z.number(), sum: z.number(), cpu: z.number() });
const LONGEST = z.object({ name: z.string(), seconds: z.number() });

/** What the points took; `cached` counts those that an earlier run ran, whose times are left out. */
export function workOf(database: DatabaseSync): { readonly cached: number; readonly work: Work } {
  const { cached, sum, cpu } = WORK.parse(
    database
      .prepare(
        `SELECT coalesce(sum(cached), 0) AS cached,
           coalesce(sum(seconds) FILTER (WHERE NOT cached), 0) AS sum,
           coalesce(sum(cpu_seconds) FILTER (WHERE NOT cached), 0) AS cpu FROM points`,
      )
      .get(),
  );
  const longest = database
    .prepare(
      `SELECT name, seconds FROM points WHERE NOT cached AND seconds > 0
       ORDER BY seconds DESC, idx LIMIT 1`,
    )
    .get();
  return {
    cached,
    work: { sum, cpu, longest: longest === undefined ? null : LONGEST.parse(longest) },
  };
}
