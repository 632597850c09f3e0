import { existsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Engine } from "../engines/engine.ts";
import { databaseRefused, openDatabase } from "../results/database.ts";
import { exportRun } from "../results/export.ts";
import { createRunFolder, runFolder } from "../results/folder.ts";
import { lockRunFolder } from "../results/lock.ts";
import { openJournal, runId } from "./journal.ts";
import { carryOutMoves } from "./moves.ts";
import { recoverRun } from "./recover.ts";
import type { SettleContext } from "./settle.ts";

export interface RestOptions {
  /** The engine of a name, to end what it still runs; null: there is none any more. */
  readonly engine: (name: string) => Promise<Engine | null>;
  /** Secrets by name, which are taken out of recovered logs. */
  readonly secrets: Readonly<Record<string, string>>;
}

const LAST = z.object({ number: z.number(), engine: z.string(), sweep: z.string() });

/**
 * Brings the run folder of an orchestrator that was killed to rest: ends what it left running,
 * keeps what had finished, exports. Returns false where it had not begun to run anything.
 *
 * @throws ReportedError (3) where an orchestrator still holds the folder, or engine or disk refuse.
 */
export async function bringToRest(out: string, options: RestOptions): Promise<boolean> {
  const folder = runFolder(out);
  if (!existsSync(folder.database)) return false;
  createRunFolder(folder);
  using _lock = lockRunFolder(folder);
  try {
    using database = openDatabase(folder);
    const row = database
      .prepare(`SELECT number, engine, sweep FROM executions, run ORDER BY number DESC LIMIT 1`)
      .get();
    if (row === undefined) return false;
    const { number, engine: name, sweep } = LAST.parse(row);
    await using engine = await options.engine(name);
    const journal = openJournal(database, runId(database, sweep), number);
    await settleJournal(database, { journal, folder, engine, secrets: options.secrets });
    await exportRun(database, folder, { parquet: existsSync(`${folder.root}/results.parquet`) });
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return true;
  } catch (error) {
    throw databaseRefused(folder, error) ?? error;
  }
}

/**
 * Brings a journal to rest: moves are carried out, and what it has as running is ended and judged by
 * the engine, or without one counts as cancelled.
 */
export async function settleJournal(
  database: DatabaseSync,
  context: SettleContext & { readonly engine: Pick<Engine, "recover"> | null },
): Promise<void> {
  carryOutMoves(database, context.folder);
  await recoverRun({ ...context, engine: context.engine ?? { recover: async () => [] } });
}
