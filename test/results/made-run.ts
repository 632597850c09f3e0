import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openDatabase } from "../../src/results/database.ts";
import { createRunFolder, type RunFolder, runFolder } from "../../src/results/folder.ts";
import type { Status } from "../../src/sweep/sweep.ts";

interface MadeAttempt {
  readonly status: Status;
  /** Default: a task of its own. Points of one batch share it. */
  readonly task?: string;
  readonly log?: string;
  readonly logOffset?: number;
  /** Default 1, the first start of an orchestrator. */
  readonly execution?: number;
  /** Seconds since the execution started. */
  readonly at?: number;
}

export interface MadePoint {
  readonly name: string;
  readonly status: Status;
  readonly cached?: boolean;
  readonly todo?: boolean;
  readonly reason?: string;
  readonly attempts?: readonly MadeAttempt[];
}

export interface MadeRun {
  readonly points: readonly MadePoint[];
  /** When each start of an orchestrator began and ended, in seconds since 1970. */
  readonly executions?: readonly { readonly started: number; readonly ended: number | null }[];
}

/** A run folder as an orchestrator would have left it, in a temporary folder until disposed. */
export function makeRun({ points, executions = [] }: MadeRun): RunFolder & Disposable {
  const root = mkdtempSync(join(tmpdir(), "sim-pipeline-run-"));
  const folder = runFolder(join(root, "runs", "made"));
  createRunFolder(folder);
  using database = openDatabase(folder);
  const iso = (seconds: number | null) =>
    seconds === null ? null : new Date(seconds * 1000).toISOString();
  database.prepare("INSERT INTO run VALUES ('abcdefghij', 'made', ?)").run(iso(0));
  for (const { started, ended } of executions) {
    database
      .prepare(
        `INSERT INTO executions (started, ended, pid, host, engine, image, identity, workers)
         VALUES (?, ?, 4711, 'here', 'process', 'node main.ts', 'sha256:00', 2)`,
      )
      .run(iso(started), iso(ended));
  }
  const insertPoint = database.prepare(
    `INSERT INTO points (idx, name, key, status, cached, attempts, reason, parameters, ordinal,
       common, document, todo) VALUES (?, ?, ?, ?, ?, ?, ?, '{}', 0, 1, '{}', ?)`,
  );
  const insertAttempt = database.prepare(
    `INSERT INTO attempts (task, key, name, attempt, execution, worker, folder, outputs, protocol,
       status, started, seconds, log_offset)
     VALUES (?, ?, ?, ?, ?, 0, '', '[]', 'single', ?, ?, 1, ?)`,
  );
  points.forEach((point, index) => {
    const { name, status, attempts = [], cached, reason, todo } = point;
    const flags = { cached: cached ? 1 : 0, todo: todo ? 1 : 0 };
    const key = `key-${name}`;
    const tries = attempts.length;
    insertPoint.run(index, name, key, status, flags.cached, tries, reason ?? null, flags.todo);
    attempts.forEach(({ task, log, logOffset, execution = 1, at = 0, ...attempt }, i) => {
      const started = (executions[execution - 1]?.started ?? 0) + at;
      const own = `${name}-${i + 1}`;
      const offset = logOffset ?? null;
      insertAttempt.run(task ?? own, key, name, i + 1, execution, attempt.status, started, offset);
      if (log === undefined) return;
      const path = join(folder.logs, name, `${i + 1}.txt`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, log);
    });
  });
  return { ...folder, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}
