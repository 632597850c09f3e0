import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { STATUSES } from "../../sweep/sweep.ts";
import type { AttemptData, ExecutionData } from "../document.ts";
import { clean, cut } from "../markdown.ts";
import { ROWS } from "./table.ts";

const MOST = 50_000;
const EXECUTION = z.object({
  number: z.number(),
  started: z.string(),
  ended: z.string().nullable(),
  engine: z.string(),
  image: z.string(),
  identity: z.string(),
  workers: z.number(),
});
const ATTEMPT = z.object({
  row: z.number(),
  attempt: z.number(),
  execution: z.number(),
  worker: z.number(),
  status: z.enum([...STATUSES, "placing"]),
  started: z.number(),
  seconds: z.number().nullable(),
});

/** Every start of an orchestrator in a run folder. */
export function executionData(database: DatabaseSync): ExecutionData[] {
  return database
    .prepare("SELECT * FROM executions ORDER BY number")
    .all()
    .map((raw) => {
      const { started, ended, engine, image, identity, ...rest } = EXECUTION.parse(raw);
      return {
        ...rest,
        started: secondsOf(started),
        ended: ended === null ? null : secondsOf(ended),
        engine: cut(clean(engine), 100),
        image: cut(clean(image), 500),
        identity: cut(clean(identity), 200),
      };
    });
}

function secondsOf(iso: string): number {
  return new Date(iso).getTime() / 1000;
}

/** The attempts of the points of the table's rows, in the order in which they were started. */
export function attemptData(database: DatabaseSync): AttemptData {
  const data = {
    row: [] as number[],
    attempt: [] as number[],
    execution: [] as number[],
    worker: [] as number[],
    start: [] as number[],
    seconds: [] as (number | null)[],
    status: [] as number[],
    more: 0,
  };
  // Indices of a shard begin anywhere.
  const rows = database.prepare(
    `SELECT place.row, attempts.attempt, execution, worker, attempts.status, started,
       attempts.seconds
     FROM (SELECT key, row_number() OVER (ORDER BY idx) - 1 AS row FROM points) AS place
     JOIN attempts USING (key) WHERE place.row < ? ORDER BY started, attempts.id`,
  );
  let zero: number | null = null;
  for (const raw of rows.iterate(ROWS)) {
    if (data.row.length === MOST) {
      data.more++;
      continue;
    }
    const { row, attempt, execution, worker, status, started, seconds } = ATTEMPT.parse(raw);
    zero ??= started;
    data.row.push(row);
    data.attempt.push(attempt);
    data.execution.push(execution);
    data.worker.push(worker);
    data.start.push(milli(started - zero));
    data.seconds.push(seconds === null ? null : milli(seconds));
    data.status.push(STATUSES.indexOf(status === "placing" ? "running" : status));
  }
  return data;
}

/** Beyond milliseconds there is nothing to see. */
function milli(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

const END = z.object({ last: z.number().nullable() });

/** Seconds in which at least one orchestrator was at it. */
export function elapsedOf(database: DatabaseSync, executions: readonly ExecutionData[]): number {
  const last = database.prepare(
    "SELECT max(started + coalesce(seconds, 0)) AS last FROM attempts WHERE execution = ?",
  );
  const spans = executions
    .map(({ number, started, ended }) => ({
      start: started,
      // One that was killed did not note its end.
      end: ended ?? END.parse(last.get(number)).last ?? started,
    }))
    .toSorted((a, b) => a.start - b.start);
  let [elapsed, until] = [0, Number.NEGATIVE_INFINITY];
  for (const { start, end } of spans) {
    elapsed += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return elapsed;
}
