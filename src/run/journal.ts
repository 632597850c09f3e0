import { hostname } from "node:os";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { transaction } from "../results/database.ts";
import type { Metrics } from "../results/metrics.ts";
import type { OutputFile } from "../results/outputs.ts";
import type { Parameters, Status } from "../sweep/sweep.ts";

/** A point as the journal holds it: all that an attempt of it needs. */
export interface JournalPoint {
  readonly index: number;
  readonly name: string;
  readonly key: string;
  readonly parameters: Parameters;
  readonly ordinal: number;
  /** Attempts so far, of all executions. */
  readonly attempts: number;
}

/** `single`: a task of one point; else how its points share it. */
export const PROTOCOLS = ["single", "batch", "range"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** A started attempt of one point; those of a batch share `task`. */
export interface AttemptStart {
  readonly task: string;
  readonly point: JournalPoint;
  /** From 1. */
  readonly attempt: number;
  readonly worker: number;
  /** The point's folder in the task's output folder, relative; empty: the output folder itself. */
  readonly folder: string;
  /** Rendered globs of the outputs that must be there. */
  readonly outputs: readonly string[];
  readonly protocol: Protocol;
}

/** How an attempt of a point ended, as it is written. */
export interface AttemptEnd {
  readonly status: Status;
  readonly exitCode: number | null;
  readonly seconds: number | null;
  readonly cpuSeconds: number | null;
  readonly peakMemory: number | null;
  /** Why it did not succeed, or what was odd, in words; null where there is nothing to say. */
  readonly reason: string | null;
  readonly metrics: Metrics | null;
  readonly files: readonly OutputFile[] | null;
  /** Where the point's part of a batch's shared log ends, in bytes. */
  readonly logOffset: number | null;
}

/** An attempt that the journal has as not settled: its orchestrator was killed. */
export interface OpenAttempt {
  readonly id: number;
  readonly task: string;
  readonly key: string;
  readonly name: string;
  readonly attempt: number;
  readonly folder: string;
  readonly outputs: readonly string[];
  readonly protocol: Protocol;
  /** `placing`: succeeded and committed, its outputs perhaps not in place yet. */
  readonly status: "running" | "placing";
}

/**
 * The writes of a run, each one transaction that is committed when the call returns.
 *
 * A success is written in two steps: `placing` with everything known, then the rename of its
 * outputs, then `placed`. A crash in between is finished by the next start from what the first
 * step wrote, so that no success is ever lost or done twice.
 */
export interface Journal {
  readonly run: string;
  readonly execution: number;
  /** Points still to start above an index, ascending. */
  pending(above: number, limit: number): JournalPoint[];
  start(attempts: readonly AttemptStart[]): void;
  placing(task: string, key: string, end: AttemptEnd): void;
  placed(task: string, key: string): void;
  /** An attempt that did not succeed; `next` is how its point stands now. */
  ended(task: string, key: string, end: AttemptEnd, next: Status): void;
  openAttempts(): OpenAttempt[];
  finish(): void;
}

const POINT = z.object({
  idx: z.number(),
  name: z.string(),
  key: z.string(),
  parameters: z.string(),
  ordinal: z.number(),
  attempts: z.number(),
});
const PARAMETERS = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const OPEN = z.object({
  id: z.number(),
  task: z.string(),
  key: z.string(),
  name: z.string(),
  attempt: z.number(),
  folder: z.string(),
  outputs: z.string(),
  protocol: z.enum(PROTOCOLS),
  status: z.enum(["running", "placing"]),
});

/**
 * The run's id, made by the first execution: ten characters of base32, a safe label value. Notes
 * the sweep's name, which may be another than then.
 */
export function runId(database: DatabaseSync, sweep: string): string {
  const row = database.prepare("SELECT id FROM run").get();
  if (row !== undefined) {
    database.prepare("UPDATE run SET sweep = ?1 WHERE sweep <> ?1").run(sweep);
    return z.object({ id: z.string() }).parse(row).id;
  }
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  const id = Array.from(bytes, (byte) => alphabet[byte % 32]).join("");
  database
    .prepare("INSERT INTO run (id, sweep, created) VALUES (?, ?, ?)")
    .run(id, sweep, new Date().toISOString());
  return id;
}

export interface Execution {
  readonly engine: string;
  readonly image: string;
  readonly identity: string;
  readonly workers: number;
}

/** Notes a start of the orchestrator. Returns its number. */
export function startExecution(database: DatabaseSync, execution: Execution): number {
  const { lastInsertRowid } = database
    .prepare(
      `INSERT INTO executions (started, pid, host, engine, image, identity, workers)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      new Date().toISOString(),
      process.pid,
      hostname(),
      execution.engine,
      execution.image,
      execution.identity,
      execution.workers,
    );
  return Number(lastInsertRowid);
}

/** Opens the journal of one execution. */
export function openJournal(database: DatabaseSync, run: string, execution: number): Journal {
  const selectPending = database.prepare(
    `SELECT idx, name, key, parameters, ordinal, attempts FROM points
     WHERE todo = 1 AND idx > ? ORDER BY idx LIMIT ?`,
  );
  const insertAttempt = database.prepare(
    `INSERT INTO attempts
       (task, key, name, attempt, execution, worker, folder, outputs, protocol, status,
        started)
     VALUES (?, ?, ?, ?, ${execution}, ?, ?, ?, ?, 'running', ?)`,
  );
  const startPoint = database.prepare(
    "UPDATE points SET status = 'running', attempts = ?, todo = 0 WHERE key = ?",
  );
  const endAttempt = database.prepare(
    `UPDATE attempts SET status = ?, exit_code = ?, seconds = ?, cpu_seconds = ?,
       peak_memory = ?, reason = ?, metrics = ?, files = ?, log_offset = ?
     WHERE task = ? AND key = ?`,
  );
  const endPoint = database.prepare(
    `UPDATE points SET status = ?, exit_code = ?, seconds = ?, cpu_seconds = ?,
       peak_memory = ?, reason = ?, metrics = ?, files = NULL, cached = 0
     WHERE key = ?`,
  );
  const placedAttempt = database.prepare(
    "UPDATE attempts SET status = 'succeeded', metrics = NULL, files = NULL WHERE task = ? AND key = ?",
  );
  const placedPoint = database.prepare(
    `UPDATE points SET (status, exit_code, seconds, cpu_seconds, peak_memory, reason, metrics,
       files, cached) = (SELECT 'succeeded', exit_code, seconds, cpu_seconds, peak_memory, reason,
       metrics, files, 0 FROM attempts WHERE task = ? AND key = ?)
     WHERE key = ?`,
  );
  const json = (value: unknown) => (value === null ? null : JSON.stringify(value));
  const writeEnd = (task: string, key: string, status: string, end: AttemptEnd) =>
    endAttempt.run(
      status,
      end.exitCode,
      end.seconds,
      end.cpuSeconds,
      end.peakMemory,
      end.reason,
      json(end.metrics),
      json(end.files),
      end.logOffset,
      task,
      key,
    );

  return {
    run,
    execution,
    pending: (above, limit) =>
      selectPending.all(above, limit).map((row) => journalPoint(POINT.parse(row))),
    start(attempts) {
      transaction(database, () => {
        const now = Date.now() / 1000;
        for (const start of attempts) {
          const { task, point, attempt, worker, folder, protocol } = start;
          const outputs = JSON.stringify(start.outputs);
          const { key, name } = point;
          insertAttempt.run(task, key, name, attempt, worker, folder, outputs, protocol, now);
          startPoint.run(attempt, point.key);
        }
      });
    },
    placing(task, key, end) {
      writeEnd(task, key, "placing", end);
    },
    placed(task, key) {
      transaction(database, () => {
        placedPoint.run(task, key, key);
        placedAttempt.run(task, key);
      });
    },
    ended(task, key, end, next) {
      transaction(database, () => {
        writeEnd(task, key, end.status, end);
        endPoint.run(
          next,
          end.exitCode,
          end.seconds,
          end.cpuSeconds,
          end.peakMemory,
          end.reason,
          json(end.metrics),
          key,
        );
      });
    },
    openAttempts: () =>
      database
        .prepare("SELECT * FROM attempts WHERE status IN ('running', 'placing') ORDER BY id")
        .all()
        .map((row) => {
          const { outputs, ...rest } = OPEN.parse(row);
          return { ...rest, outputs: z.array(z.string()).parse(JSON.parse(outputs)) };
        }),
    finish() {
      database
        .prepare("UPDATE executions SET ended = ? WHERE number = ?")
        .run(new Date().toISOString(), execution);
    },
  };
}

function journalPoint(row: z.infer<typeof POINT>): JournalPoint {
  const { idx, name, key, ordinal, attempts } = row;
  return {
    index: idx,
    name,
    key,
    parameters: PARAMETERS.parse(JSON.parse(row.parameters)),
    ordinal,
    attempts,
  };
}
