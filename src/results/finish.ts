import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { STATUSES, type Status } from "../sweep/sweep.ts";
import { hasTable } from "./database.ts";
import { MANIFEST, type OutputFile } from "./outputs.ts";

/**
 * One finish step of the current plan, as run.db has it. What it made is in the run folder's
 * `finish/`, its logs in `finish-logs/<index>-<kind>/<attempt>.txt`: not in `logs/`, where a point
 * could be called the same.
 */
export interface FinishRow {
  /** From 0, in the sweep file's order. */
  readonly index: number;
  readonly kind: "video" | "tiles" | "sheet" | "command";
  /** The content key: 64 hex digits. */
  readonly key: string;
  /** `cancelled`: an interruption ended it; `pending`: it was not begun. */
  readonly status: Status;
  /** True where an earlier execution made it of the same points. */
  readonly cached: boolean;
  /** Wall-clock seconds of the execution that made it. */
  readonly seconds: number | null;
  /** Why it did not succeed, or what was odd, for people. */
  readonly reason: string | null;
  /** What it made, paths relative to the run folder's `finish/`; null where it did not succeed. */
  readonly files: readonly OutputFile[] | null;
  /** Path of its last log relative to the run folder; null where it has none. */
  readonly log: string | null;
}

const ROW = z.object({
  idx: z.number(),
  kind: z.enum(["video", "tiles", "sheet", "command"]),
  key: z.string(),
  status: z.enum(STATUSES),
  cached: z.number(),
  seconds: z.number().nullable(),
  reason: z.string().nullable(),
  files: z.string().nullable(),
  log: z.string().nullable(),
});

/** The finish steps of a run's current plan, in their order; none in a folder of an older version. */
export function finishSteps(database: DatabaseSync): FinishRow[] {
  if (!hasTable(database, "finish")) return [];
  return database
    .prepare("SELECT * FROM finish ORDER BY idx")
    .all()
    .map((raw) => {
      const { idx, files, cached, ...row } = ROW.parse(raw);
      return {
        ...row,
        index: idx,
        cached: cached === 1,
        files: files === null ? null : MANIFEST.parse(JSON.parse(files)),
      };
    });
}
