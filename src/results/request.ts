import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { SweepRequest } from "../sweep/sweep.ts";
import { hasTable } from "./database.ts";

/** What a start of an orchestrator was asked for with. */
export interface RunRequest extends SweepRequest {
  /** The run folder: relative to the working directory with slashes; absolute outside of it. */
  readonly out: string;
}

const REQUEST = z.object({
  path: z.string(),
  params: z.array(z.string()),
  set: z.array(z.string()),
  allowOutside: z.boolean(),
  out: z.string(),
});
const ROW = z.object({ document: z.string().nullable() });

/** Notes what the start `execution` was asked for with. */
export function writeRequest(database: DatabaseSync, execution: number, request: RunRequest): void {
  database
    .prepare("INSERT OR REPLACE INTO requests (execution, document) VALUES (?, ?)")
    .run(execution, JSON.stringify(request));
}

/**
 * What the last start of a run was asked for with; null where no sweep file was named, and in a
 * folder of an older version.
 */
export function lastRequest(database: DatabaseSync): RunRequest | null {
  if (!hasTable(database, "requests")) return null;
  const row = database
    .prepare(
      `SELECT document FROM executions LEFT JOIN requests ON execution = number
       ORDER BY number DESC LIMIT 1`,
    )
    .get();
  const document = ROW.optional().parse(row)?.document ?? null;
  return document === null ? null : REQUEST.parse(JSON.parse(document));
}
