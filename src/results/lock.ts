import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { ReportedError } from "../sweep/errors.ts";
import { readDatabase, sqliteCode } from "./database.ts";
import { folderRefused, type RunFolder } from "./folder.ts";

/** https://sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;

/** Milliseconds: `status` asks whether the folder is held by reading the lock for an instant. */
const PATIENCE = 500;

/**
 * Holds the run folder for one orchestrator. The lock is SQLite's own on the file run.lock, which
 * the operating system drops when the process dies in whatever way: there is no stale lock.
 *
 * @throws ReportedError (3) with the holder's pid where somebody holds it, or where the file
 *   cannot be written.
 */
export function lockRunFolder(folder: RunFolder): Disposable {
  let lock: DatabaseSync;
  try {
    lock = new DatabaseSync(folder.lock, { timeout: PATIENCE });
  } catch (cause) {
    throw folderRefused(folder, cause);
  }
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    if (sqliteCode(cause) !== SQLITE_BUSY) throw unusable(folder, cause);
    throw new ReportedError(
      3,
      `${folder.root} is in use by another sim-pipeline run${holder(folder)}.\n` +
        "Wait for it, watch it with `sim-pipeline status`, or choose another folder with --out.",
      { cause },
    );
  }
  return { [Symbol.dispose]: () => lock.close() };
}

/** True while an orchestrator holds the folder. */
export function isLocked(folder: RunFolder): boolean {
  let lock: DatabaseSync;
  try {
    lock = new DatabaseSync(folder.lock, { timeout: 0, readOnly: true });
  } catch {
    return false; // No such file: nobody ever ran here.
  }
  try {
    lock.prepare("SELECT count(*) FROM sqlite_schema").get();
    return false;
  } catch (error) {
    return sqliteCode(error) === SQLITE_BUSY; // Else somebody damaged it, and nobody can hold it.
  } finally {
    lock.close();
  }
}

function unusable(folder: RunFolder, cause: unknown): ReportedError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new ReportedError(
    3,
    `Cannot lock the run folder with ${folder.lock}: ${text}\n` +
      "Check that it can be written; if it is no file of sim-pipeline's, remove it.",
    { cause },
  );
}

const HOLDER = z.object({ pid: z.number(), host: z.string(), started: z.string() });

function holder(folder: RunFolder): string {
  try {
    using database = readDatabase(folder);
    const row = database
      .prepare("SELECT pid, host, started FROM executions ORDER BY number DESC LIMIT 1")
      .get();
    const { pid, host, started } = HOLDER.parse(row);
    return ` (pid ${pid} on ${host}, since ${started})`;
  } catch {
    return ""; // It holds the lock but has not got as far as writing who it is.
  }
}
