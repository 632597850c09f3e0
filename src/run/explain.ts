import { z } from "zod";
import { firstDifference } from "../plan/explain.ts";
import type { Keyer } from "../plan/key.ts";
import type { Plan } from "../plan/plan.ts";
import { readDatabase } from "../results/database.ts";
import { runFolder } from "../results/folder.ts";
import { STATUSES } from "../sweep/sweep.ts";

/** Why a point of a plan would run again in a run folder. */
export interface Explanation {
  readonly index: number;
  readonly name: string;
  /** `new`: the folder has no such point; `unfinished`: the same, not succeeded; `changed`. */
  readonly because: "new" | "unfinished" | "changed";
  /** How the point stands in the folder; null for a new one. */
  readonly status: string | null;
  /** The first part of the key that differs, old and new, where the point changed. */
  readonly part: string | null;
  readonly old: string | null;
  readonly now: string | null;
}

const OLD = z.object({
  key: z.string(),
  status: z.enum(STATUSES),
  common: z.string(),
  document: z.string(),
});

/**
 * For each point of the plan that would run again in the run folder at `out`, in order: why.
 *
 * @throws ReportedError (2) where the folder holds no run.
 */
export function* explain(plan: Plan, keyer: Keyer, out: string): IterableIterator<Explanation> {
  using database = readDatabase(runFolder(out));
  const done = database.prepare(
    `SELECT 1 FROM points WHERE key = ?1 AND status = 'succeeded'
     UNION ALL SELECT 1 FROM kept WHERE key = ?1`,
  );
  // A point is compared with the one of its name, or, if it was renamed, of its place.
  const before = database.prepare(
    `SELECT key, status, commons.document AS common, points.document
     FROM points JOIN commons ON commons.id = points.common
     WHERE name = ?1 OR idx = ?2 ORDER BY name = ?1 DESC LIMIT 1`,
  );
  for (const point of plan.points()) {
    const { index, name } = point;
    const { key, document } = keyer.key(point);
    if (done.get(key) !== undefined) continue;
    const row = before.get(name, index);
    const none = { part: null, old: null, now: null };
    if (row === undefined) {
      yield { index, name, because: "new", status: null, ...none };
      continue;
    }
    const old = OLD.parse(row);
    if (old.key === key) {
      yield { index, name, because: "unfinished", status: old.status, ...none };
      continue;
    }
    const difference = firstDifference(
      { common: old.common, point: old.document },
      { common: keyer.common, point: document },
    );
    yield { index, name, because: "changed", status: old.status, ...(difference ?? none) };
  }
}
