import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { STATUSES, type Status } from "../sweep/sweep.ts";
import type { RunFolder } from "./folder.ts";
import { lastLogOf, tail } from "./logs.ts";

/** A point that did not succeed. */
export interface Failure {
  readonly index: number;
  readonly name: string;
  readonly status: Status;
  readonly reason: string | null;
  /** Absolute path of the last attempt's log; null where it has none. */
  readonly log: string | null;
  readonly lastLines: readonly string[];
}

const LINES = 8;
const FAILED = z.object({
  idx: z.number(),
  name: z.string(),
  status: z.enum(STATUSES),
  reason: z.string().nullable(),
});

/** The first points that ended without success, in the plan's order, with their logs' ends. */
export function failures(database: DatabaseSync, folder: RunFolder, limit: number): Failure[] {
  return database
    .prepare(
      `SELECT idx, name, status, reason FROM points
       WHERE status NOT IN ('succeeded', 'pending', 'running', 'cancelled')
       ORDER BY idx LIMIT ?`,
    )
    .all(limit)
    .map((row) => {
      const { idx, name, status, reason } = FAILED.parse(row);
      const log = lastLogOf(database, folder, idx);
      const lastLines = log === null ? [] : tail(log, LINES);
      return { index: idx, name, status, reason, log, lastLines };
    });
}

/** What is odd about points that succeeded, as outputs that were dropped because they are links. */
export interface Remarks {
  /** How many points have one. */
  readonly count: number;
  /** The first of them, in the plan's order. */
  readonly first: readonly { readonly name: string; readonly reason: string }[];
}

const REMARK = z.object({ name: z.string(), reason: z.string() });

/** The remarks on points that succeeded. */
export function remarks(database: DatabaseSync, limit: number): Remarks {
  const condition = "FROM points WHERE status = 'succeeded' AND reason IS NOT NULL";
  const counted = database.prepare(`SELECT count(*) AS count ${condition}`).get();
  const { count } = z.object({ count: z.number() }).parse(counted);
  const rows = database.prepare(`SELECT name, reason ${condition} ORDER BY idx LIMIT ?`);
  return { count, first: rows.all(limit).map((row) => REMARK.parse(row)) };
}
