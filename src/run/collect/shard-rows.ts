import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { nameProblem } from "../../plan/name.ts";
import { hasOwnSchema } from "../../results/database.ts";

import { MANIFEST, type OutputFile } from "../../results/outputs.ts";
import { METRICS } from "../../results/rows.ts";
import { STATUSES } from "../../sweep/sweep.ts";
import { PROTOCOLS } from "../journal.ts";

/** A shard that cannot be what a run of ours packed. The message reads on after its name. */
export class ShardProblem extends Error {
  override readonly name = "ShardProblem";
}

const SECONDS = z.number().nonnegative().nullable();
const COUNT = z.int().nonnegative();
const KEY = z.string().regex(/^[0-9a-f]{64}$/);
/** What a packed journal has: nothing runs in it. */
const ENDED = z.enum(STATUSES).exclude(["pending", "running"]);

const EXECUTION = z.object({
  number: COUNT,
  started: z.iso.datetime(),
  ended: z.iso.datetime().nullable(),
  pid: COUNT,
  host: z.string(),
  engine: z.string(),
  image: z.string(),
  identity: z.string(),
  workers: COUNT,
});
export type ExecutionRow = z.infer<typeof EXECUTION>;

const MEASURED = {
  exit_code: z.int().nullable(),
  seconds: SECONDS,
  cpu_seconds: SECONDS,
  peak_memory: SECONDS,
  reason: z.string().nullable(),
};

const POINT = z.object({
  idx: COUNT,
  name: z.string(),
  key: KEY,
  status: z.enum(STATUSES).exclude(["running"]),
  attempts: COUNT,
  parameters: z.string(),
  ordinal: COUNT,
  common: z.string(),
  document: z.string(),
  metrics: z.string().nullable(),
  files: z.string().nullable(),
  ...MEASURED,
});
export type PointRow = z.infer<typeof POINT>;

const ATTEMPT = z.object({
  task: z.string(),
  key: KEY,
  name: z.string(),
  attempt: z.int().positive(),
  execution: COUNT,
  worker: COUNT,
  protocol: z.enum(PROTOCOLS),
  status: ENDED,
  started: z.number(),
  log_offset: COUNT.nullable(),
  ...MEASURED,
});
export type AttemptRow = z.infer<typeof ATTEMPT>;

const NAMED = z.object({ name: z.string() });
const ENDED_ATTEMPT = z.object({ status: ENDED });

/** The run.db of a shard, of which nothing is believed. Everything throws ShardProblem. */
export interface ShardRows extends Disposable {
  readonly database: DatabaseSync;
  executions(): Iterable<ExecutionRow>;
  /** By index, ascending. */
  points(): Iterable<PointRow>;
  /** Of these points, in their order of start, under the points' names. */
  attempts(): Iterable<AttemptRow>;
}

/** Opens the unpacked run.db of a shard for reading. */
export function openShardRows(path: string): ShardRows {
  const database = guarded(() => new DatabaseSync(path, { readOnly: true, defensive: true }));
  try {
    guarded(() => {
      database.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
      if (!hasOwnSchema(database)) throw new ShardProblem("has a run.db that is no run of ours");
    });
  } catch (error) {
    database.close();
    throw error;
  }
  const rows = <T extends z.ZodType>(schema: T, sql: string) => read(database, schema, sql);
  return {
    database,
    executions: () => rows(EXECUTION, "SELECT * FROM executions ORDER BY number"),
    points: () =>
      rows(
        POINT,
        `SELECT points.*, commons.document AS common
         FROM points LEFT JOIN commons ON commons.id = points.common ORDER BY idx`,
      ),
    attempts: () =>
      rows(
        ATTEMPT,
        `SELECT attempts.*, points.name AS name
         FROM attempts JOIN points USING (key) ORDER BY attempts.id`,
      ),
    [Symbol.dispose]: () => database.close(),
  };
}

function* read<T extends z.ZodType>(
  database: DatabaseSync,
  schema: T,
  sql: string,
): Generator<z.infer<T>> {
  const rows = guarded(() => database.prepare(sql).iterate());
  for (;;) {
    const next = guarded(() => {
      const { done, value } = rows.next();
      return done === true ? null : { row: schema.parse(value) };
    });
    if (next === null) return;
    yield next.row;
  }
}

/**
 * Makes sure that a journal can be taken up by a run: that it names no folder but those of points,
 * and has nothing under way. Throws ShardProblem.
 */
export function checkJournal(path: string): void {
  using rows = openShardRows(path);
  const { database } = rows;
  const left = "SELECT source AS name FROM moves UNION ALL SELECT folder FROM kept";
  for (const { name } of read(database, NAMED, left)) {
    throw new ShardProblem(`has a run.db with the folder ${JSON.stringify(name)}`);
  }
  const names = "SELECT name FROM points UNION SELECT name FROM attempts";
  for (const { name } of read(database, NAMED, names)) {
    const problem = nameProblem(name);
    if (problem === null) continue;
    throw new ShardProblem(`has a point named ${JSON.stringify(name)}, which ${problem}`);
  }
  for (const _ of read(database, ENDED_ATTEMPT, "SELECT status FROM attempts"));
}

/** The files of a succeeded point, as its run recorded them. */
export function manifestOf({ name, files }: PointRow): OutputFile[] {
  return guarded(() => {
    if (files === null) throw new ShardProblem(`has no list of the files of ${name}`);
    return MANIFEST.parse(JSON.parse(files));
  });
}

/** Makes sure that a point's metrics are what the exports can take. */
export function checkMetrics({ metrics }: PointRow): void {
  if (metrics !== null) guarded(() => METRICS.parse(JSON.parse(metrics)));
}

/** Whatever reading throws is the shard's fault. */
function guarded<T>(body: () => T): T {
  try {
    return body();
  } catch (cause) {
    if (cause instanceof ShardProblem) throw cause;
    const text = cause instanceof z.ZodError ? issueText(cause) : String(cause);
    throw new ShardProblem(`has a run.db that cannot be read: ${text}`, { cause });
  }
}

function issueText({ issues }: z.ZodError): string {
  const [issue] = issues;
  return `${issue?.path.join(".")}: ${issue?.message}`;
}
