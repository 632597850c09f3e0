import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { ReportedError } from "../sweep/errors.ts";
import { readDatabase } from "./database.ts";
import type { RunFolder } from "./folder.ts";

/**
 * Holds the run folder for one orchestrator. The lock is SQLite's own on the file run.lock, which
 * the operating system drops when the process dies in whatever way: there is no stale lock.
 *
 * @throws ReportedError (3) with the holder's pid where somebody holds it.
 */
export function lockRunFolder(folder: RunFolder): Disposable {
  const lock = new DatabaseSync(folder.lock, { timeout: 0 });
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
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
  } catch {
    return true; // SQLITE_BUSY is the only answer of an empty database but success.
  } finally {
    lock.close();
  }
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
