import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { parseIndices } from "../../plan/indices.ts";
import type { PlanFile } from "../../plan/shards.ts";
import { STATUSES } from "../../sweep/sweep.ts";
import type { Merged } from "./merge.ts";

/**
 * Why a point is missing: no artifact of its shard is there; the shard was cancelled or killed
 * before the point ended; its outputs are not what the run recorded; the sweep's on-failure rule
 * started nothing more; the earlier run's results do not have it.
 */
export type WhyMissing =
  | "no artifact"
  | "incomplete"
  | "damaged"
  | "stopped"
  | "not in earlier run";

export interface MissingPoints {
  readonly shard: number;
  /** Their names, in the plan's order. */
  readonly points: readonly string[];
  readonly why: WhyMissing;
}

/** What is known of a shard whose tar counts. */
type Known = Pick<Merged, "absent" | "damaged"> & { readonly complete: boolean };

const UNENDED = z.object({ idx: z.number(), name: z.string(), status: z.enum(STATUSES) });

/** The points of a collected run that have not ended, by shard and reason. */
export function missingPoints(
  database: DatabaseSync,
  file: PlanFile,
  used: ReadonlyMap<number, Known>,
): MissingPoints[] {
  const done = parseIndices(file.done, file.points);
  const absent = new Set([...used.values()].flatMap((one) => one.absent.map(({ index }) => index)));
  const damaged = new Set([...used.values()].flatMap((one) => one.damaged));
  const groups = new Map<string, { shard: number; points: string[]; why: WhyMissing }>();
  let shard = 0;
  const rows = database.prepare(
    "SELECT idx, name, status FROM points WHERE status IN ('pending', 'cancelled') ORDER BY idx",
  );
  const why = (row: z.infer<typeof UNENDED>, own: Known | undefined): WhyMissing => {
    if (done.has(row.idx)) return "not in earlier run";
    if (own === undefined) return "no artifact";
    if (damaged.has(row.name)) return "damaged";
    if (absent.has(row.idx) || row.status === "cancelled" || !own.complete) return "incomplete";
    return "stopped";
  };
  for (const raw of rows.iterate()) {
    const row = UNENDED.parse(raw);
    while (row.idx >= (file.boundaries[shard + 1] ?? Number.POSITIVE_INFINITY)) shard++;
    const reason = why(row, used.get(shard));
    const key = `${shard} ${reason}`;
    const group = groups.get(key) ?? { shard, points: [], why: reason };
    groups.set(key, group);
    group.points.push(row.name);
  }
  return [...groups.values()];
}
