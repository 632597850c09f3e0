import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { ReportedError } from "../sweep/errors.ts";
import { nearest } from "../sweep/suggest.ts";
import { STATUSES, type Status } from "../sweep/sweep.ts";
import type { RunFolder } from "./folder.ts";
import { runFolder } from "./folder.ts";
import { isLocked } from "./lock.ts";
import { machinesOf, type RunCost, runCost } from "./machines.ts";
import { statusCounts } from "./rows.ts";

/** How a run stands, read beside whoever runs it. */
export interface RunStatus {
  readonly run: string;
  readonly sweep: string;
  /** True while an orchestrator holds the folder. */
  readonly alive: boolean;
  readonly execution: Execution | null;
  readonly points: number;
  /** Points by status; every status is there. */
  readonly counts: Readonly<Record<Status, number>>;
  /** Of the succeeded ones, those that an earlier execution ran. */
  readonly cached: number;
  /** Points that this execution still has to start. */
  readonly todo: number;
  /** The first of the running ones, the longest running first. */
  readonly running: readonly Running[];
  /** Points that ended without success in the last execution, the latest first. */
  readonly failures: readonly Failed[];
  /** Points ended a second in the last execution; null where none has. */
  readonly rate: number | null;
  /** Seconds until nothing is left at that rate; null where nobody runs or nothing ended yet. */
  readonly eta: number | null;
  /** What the machines rented for the run cost so far; null where none were. */
  readonly cost: RunCost | null;
}

/** The last start of an orchestrator. */
interface Execution {
  readonly started: string;
  /** Null while it runs, and where it was killed. */
  readonly ended: string | null;
  readonly pid: number;
  readonly host: string;
  readonly engine: string;
  readonly image: string;
  readonly workers: number;
}

interface Running {
  readonly index: number;
  readonly name: string;
  readonly attempt: number;
  readonly seconds: number;
}

export interface Failed {
  readonly index: number;
  readonly name: string;
  readonly status: Status;
  readonly reason: string | null;
}

const RUN = z.object({ id: z.string(), sweep: z.string() });
const EXECUTION = z.object({
  number: z.number(),
  started: z.string(),
  ended: z.string().nullable(),
  pid: z.number(),
  host: z.string(),
  engine: z.string(),
  image: z.string(),
  workers: z.number(),
});
const POINTS = z.object({ points: z.number(), cached: z.number(), todo: z.number() });
const RUNNING = z.object({
  idx: z.number(),
  name: z.string(),
  attempt: z.number(),
  started: z.number(),
});
const FAILED = z.object({
  idx: z.number(),
  name: z.string(),
  status: z.enum(STATUSES),
  reason: z.string().nullable(),
});
const ENDED = z.object({ ended: z.number() });

/** Ended without success, as SQL: what stands in a list of failures. */
const UNSUCCESSFUL = "('failed', 'timed-out', 'idle', 'oom', 'lost')";

/**
 * Reads how a run stands. `now` is in seconds since 1970; `limit` bounds the lists of running and
 * failed points.
 */
export function runStatus(
  database: DatabaseSync,
  folder: RunFolder,
  { now, limit }: { readonly now: number; readonly limit: number },
): RunStatus {
  const alive = isLocked(folder);
  // One transaction, so that the numbers belong to one moment.
  database.exec("BEGIN");
  try {
    const { id, sweep } = RUN.parse(
      database.prepare("SELECT id, sweep FROM run").get() ?? { id: "", sweep: "" },
    );
    const row = database.prepare("SELECT * FROM executions ORDER BY number DESC LIMIT 1").get();
    const last = row === undefined ? null : EXECUTION.parse(row);
    const totals = POINTS.parse(
      database
        .prepare(
          `SELECT count(*) AS points, coalesce(sum(cached), 0) AS cached,
             coalesce(sum(todo), 0) AS todo FROM points`,
        )
        .get(),
    );
    const counts = statusCounts(database);
    const pace = last === null ? null : paceOf(database, last, alive ? now : null);
    const left = totals.todo + counts.running;
    return {
      run: id,
      sweep,
      alive,
      execution: last === null ? null : withoutNumber(last),
      points: totals.points,
      counts,
      cached: totals.cached,
      todo: totals.todo,
      running: runningPoints(database, now, limit),
      failures: last === null ? [] : lastFailures(database, last.number, limit),
      rate: pace,
      eta: alive && pace !== null && pace > 0 ? left / pace : null,
      cost: runCost(machinesOf(database), now * 1000),
    };
  } finally {
    database.exec("COMMIT");
  }
}

function withoutNumber({ number: _number, ...execution }: z.infer<typeof EXECUTION>): Execution {
  return execution;
}

/** Points ended a second between the start of an execution and its end, or `now`. */
function paceOf(
  database: DatabaseSync,
  execution: z.infer<typeof EXECUTION>,
  now: number | null,
): number | null {
  const until =
    now ?? (execution.ended === null ? null : new Date(execution.ended).getTime() / 1000);
  const seconds = until === null ? 0 : until - new Date(execution.started).getTime() / 1000;
  const { ended } = ENDED.parse(
    database
      .prepare(
        `SELECT count(*) AS ended FROM attempts JOIN points USING (key)
         WHERE execution = ? AND points.todo = 0 AND points.status <> 'running'
           AND attempts.attempt = points.attempts`,
      )
      .get(execution.number),
  );
  return ended > 0 && seconds > 0 ? ended / seconds : null;
}

function runningPoints(database: DatabaseSync, now: number, limit: number): Running[] {
  return database
    .prepare(
      `SELECT points.idx, points.name, attempts.attempt, attempts.started
       FROM attempts JOIN points USING (key)
       WHERE attempts.status IN ('running', 'placing') ORDER BY attempts.started LIMIT ?`,
    )
    .all(limit)
    .map((row) => {
      const { idx, name, attempt, started } = RUNNING.parse(row);
      return { index: idx, name, attempt, seconds: Math.max(0, now - started) };
    });
}

function lastFailures(database: DatabaseSync, execution: number, limit: number): Failed[] {
  return database
    .prepare(
      `SELECT points.idx, points.name, points.status, points.reason
       FROM attempts JOIN points ON points.key = attempts.key AND points.attempts = attempts.attempt
       WHERE attempts.execution = ? AND points.status IN ${UNSUCCESSFUL}
       ORDER BY attempts.id DESC LIMIT ?`,
    )
    .all(execution, limit)
    .map(failed);
}

/** Every point that ended without success, in the plan's order, read as it is asked for. */
export function* allFailures(database: DatabaseSync): IterableIterator<Failed> {
  const rows = database.prepare(
    `SELECT idx, name, status, reason FROM points WHERE status IN ${UNSUCCESSFUL} ORDER BY idx`,
  );
  for (const row of rows.iterate()) yield failed(row);
}

function failed(row: unknown): Failed {
  const { idx, name, status, reason } = FAILED.parse(row);
  return { index: idx, name, status, reason };
}

/** A point of the current plan as `logs` asks for it. */
export interface FoundPoint {
  readonly index: number;
  readonly name: string;
  readonly status: Status;
  /** True while this execution still has to start it. */
  readonly todo: boolean;
}

const FOUND = z.object({
  idx: z.number(),
  name: z.string(),
  status: z.enum(STATUSES),
  todo: z.number(),
});
const NAME = z.object({ name: z.string() });
const POINT = "SELECT idx, name, status, todo FROM points WHERE";

/** Points whose names are compared with a mistyped one. */
const COMPARED = 200_000;

/**
 * The point of this name, or else of this index.
 *
 * @throws ReportedError (2) where there is none, with the names that come nearest.
 */
export function findPoint(database: DatabaseSync, wanted: string): FoundPoint {
  const row =
    database.prepare(`${POINT} name = ?`).get(wanted) ??
    (/^\d{1,15}$/.test(wanted)
      ? database.prepare(`${POINT} idx = ?`).get(Number(wanted))
      : undefined);
  if (row === undefined) throw unknownPoint(database, wanted);
  const { idx, name, status, todo } = FOUND.parse(row);
  return { index: idx, name, status, todo: todo === 1 };
}

/** The first points whose names begin with a text, and how they stand. */
export function namesLike(
  database: DatabaseSync,
  start: string,
  limit: number,
): { readonly name: string; readonly status: Status }[] {
  return database
    .prepare("SELECT name, status FROM points WHERE substr(name, 1, length(?1)) = ?1 LIMIT ?2")
    .all(start, limit)
    .map((row) => z.object({ name: z.string(), status: z.enum(STATUSES) }).parse(row));
}

function unknownPoint(database: DatabaseSync, wanted: string): ReportedError {
  const names = (sql: string, ...values: (string | number)[]) =>
    database
      .prepare(sql)
      .all(...values)
      .map((row) => NAME.parse(row).name);
  const containing = names("SELECT name FROM points WHERE instr(name, ?) > 0 LIMIT 3", wanted);
  const similar =
    containing.length > 0
      ? null
      : nearest(wanted, names("SELECT name FROM points ORDER BY idx LIMIT ?", COMPARED));
  const near = similar === null ? containing : [similar];
  const some = near.length > 0 ? near : names("SELECT name FROM points ORDER BY idx LIMIT 3");
  const hint =
    some.length === 0
      ? "The run has no points yet."
      : near.length > 0
        ? `Did you mean ${some.join(" or ")}?`
        : `Points are named like ${some.join(", ")}; a point's index works too.`;
  return new ReportedError(2, `No point ${JSON.stringify(wanted)} in this run.\n${hint}`);
}

/**
 * The run folder that is meant where none is named: the one under `runs` in `base` that was
 * written to last, or `base` itself where it is one.
 *
 * @throws ReportedError (2) where there is none.
 */
export function latestRun(base: string): RunFolder {
  if (existsSync(runFolder(base).database)) return runFolder(base);
  const parent = join(base, "runs");
  const found = existsSync(parent)
    ? readdirSync(parent)
        .map((name) => ({ folder: runFolder(join(parent, name)) }))
        .map(({ folder }) => ({ folder, time: lastWrite(folder) }))
        .filter(({ time }) => time > 0)
        .toSorted((a, b) => b.time - a.time)
    : [];
  const [latest] = found;
  if (latest === undefined) {
    throw new ReportedError(
      2,
      `No run in ${parent}.\nName a run's folder, or start one with \`sim-pipeline run\`.`,
    );
  }
  return latest.folder;
}

function lastWrite(folder: RunFolder): number {
  const times = [folder.database, `${folder.database}-wal`].map((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    // Reading leaves an empty log.
    return stat === undefined || stat.size === 0 ? 0 : stat.mtimeMs;
  });
  return Math.max(...times);
}
