import type { DatabaseSync } from "node:sqlite";
import { transaction } from "../results/database.ts";
import { type FinishRow, finishSteps } from "../results/finish.ts";
import type { OutputFile } from "../results/outputs.ts";
import type { Status } from "../sweep/sweep.ts";
import type { FinishPoint } from "./points.ts";

/** How a step ended, as it is written. */
export interface StepEnd {
  readonly status: Status;
  readonly seconds: number;
  readonly reason: string | null;
  readonly files: readonly OutputFile[] | null;
}

/**
 * Makes the table of finish steps that of the current plan. What an earlier execution made under the
 * same key stays, where `isWhole` finds its files as they were.
 */
export function planSteps(
  database: DatabaseSync,
  steps: readonly Pick<FinishRow, "kind" | "key">[],
  isWhole: (files: readonly OutputFile[]) => boolean,
): void {
  const before = finishSteps(database);
  const insert = database.prepare(
    `INSERT INTO finish (idx, kind, key, status, cached, seconds, reason, files, log)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  transaction(database, () => {
    database.exec("DELETE FROM finish");
    for (const [index, { kind, key }] of steps.entries()) {
      const made = before.find(
        (row) => row.key === key && row.status === "succeeded" && isWhole(row.files ?? []),
      );
      if (made === undefined) insert.run(index, kind, key, "pending", 0, null, null, null, null);
      else {
        const { seconds, reason, log } = made;
        const files = JSON.stringify(made.files);
        insert.run(index, kind, key, "succeeded", 1, seconds, reason, files, log);
      }
    }
  });
}

/** Notes that a step runs, and where its log is. */
export function startStep(database: DatabaseSync, index: number, log: string): void {
  database.prepare("UPDATE finish SET status = 'running', log = ? WHERE idx = ?").run(log, index);
}

export function endStep(database: DatabaseSync, index: number, end: StepEnd): void {
  const files = end.files === null ? null : JSON.stringify(end.files);
  database
    .prepare("UPDATE finish SET status = ?, seconds = ?, reason = ?, files = ? WHERE idx = ?")
    .run(end.status, end.seconds, end.reason, files, index);
}

/** One output of a point that goes, now that nothing needs it. */
export interface Removal {
  readonly point: FinishPoint;
  readonly path: string;
}

/**
 * Takes outputs out of their points' manifests, so that a resume does not miss them, and notes what
 * they were. To be followed by removing the files: a crash in between leaves files that nobody lists.
 */
export function noteRemovals(database: DatabaseSync, removals: readonly Removal[]): void {
  const update = database.prepare("UPDATE points SET files = ? WHERE key = ?");
  const insert = database.prepare(
    "INSERT OR REPLACE INTO removed (key, path, size, sha256) VALUES (?, ?, ?, ?)",
  );
  transaction(database, () => {
    for (const [point, gone] of Map.groupBy(removals, (removal) => removal.point)) {
      const paths = new Set(gone.map(({ path }) => path));
      const kept: OutputFile[] = [];
      for (const { removed, path, size, sha256 } of point.files.values()) {
        if (paths.has(path)) insert.run(point.key, path, size, sha256);
        else if (!removed) kept.push({ path, size, sha256 });
      }
      update.run(JSON.stringify(kept), point.key);
    }
  });
}

/** Gives steps the keys that they have from now on. */
export function rekeySteps(database: DatabaseSync, keys: readonly string[]): void {
  const update = database.prepare("UPDATE finish SET key = ? WHERE idx = ?");
  transaction(database, () => {
    for (const [index, key] of keys.entries()) update.run(key, index);
  });
}
