import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Row } from "../results/layout.ts";
import { statusCounts } from "../results/rows.ts";
import { STATUSES } from "../sweep/sweep.ts";
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
  return {
    name,
    counts,
    points: STATUSES.reduce((sum, status) => sum + counts[status], 0),
    failed: counts.failed + counts["timed-out"] + counts.idle + counts.oom + counts.lost,
    engine: execution?.engine ?? null,
    image: execution?.image ?? null,
  };
}

/** Adds up rows; `cached` counts those that an earlier run ran, whose times are left out. */
export function workMeter(): {
  add(row: Row): void;
  read(): { readonly cached: number; readonly work: Work };
} {
  let cached = 0;
  let sum = 0;
  let cpu = 0;
  let longest: Work["longest"] = null;
  return {
    add({ name, seconds, cpu_seconds, cached: isCached }) {
      if (isCached) {
        cached++;
        return;
      }
      sum += seconds ?? 0;
      cpu += cpu_seconds ?? 0;
      if (seconds !== null && seconds > (longest?.seconds ?? 0)) longest = { name, seconds };
    },
    read: () => ({ cached, work: { sum, cpu, longest } }),
  };
}

/** The same items, each looked at when it comes by. */
export function* tap<T>(items: Iterable<T>, look: (item: T) => void): Iterable<T> {
  for (const item of items) {
    look(item);
    yield item;
  }
}
