import { closeSync, fstatSync, lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Pack } from "tar-stream";
import { z } from "zod";
import { addFile, addFolder, addOpenFile, writeTar } from "../../engines/pack.ts";
import type { ShardFile } from "../../plan/shards.ts";
import { shardPlan } from "../../plan/shards.ts";
import { databaseRefused, openDatabase } from "../../results/database.ts";
import { createRunFolder, type RunFolder, runFolder } from "../../results/folder.ts";
import { openRegular } from "../../results/hash.ts";
import { lockRunFolder } from "../../results/lock.ts";
import { STATUSES } from "../../sweep/sweep.ts";
import { openJournal, runId } from "../journal.ts";
import { settleJournal } from "../rest.ts";
import type { OpenPlan } from "./open.ts";

export interface PackOptions {
  readonly plan: OpenPlan;
  readonly shard: number;
  /** From 1. */
  readonly attempt: number;
  /** Whether every point of the shard ended, or was not started by the sweep's own rule. */
  readonly complete: boolean;
  /** The shard's run folder. */
  readonly folder: string;
  /** Path of the tar, which is written. */
  readonly out: string;
}

const NAMED = z.object({ name: z.string(), status: z.enum(STATUSES) });

/** Files up to this size are read at once. */
const SMALL = 256 * 1024;

/**
 * Packs a shard's run folder into one tar: shard.json, run.db, outputs and logs. What a killed
 * orchestrator left is settled first as far as the journal tells; what ran then counts as
 * cancelled. Links, sockets and devices are left out.
 *
 * @throws ReportedError (2) for a shard that the plan does not have, (3) where an orchestrator still
 *   holds the folder, or folder or disk refuse.
 */
export async function packShard(options: PackOptions): Promise<void> {
  const { plan, shard, attempt, complete } = options;
  // Only to refuse a shard that is none.
  shardPlan(plan.plan, plan.file, shard);
  const sweep = plan.file.sweep.name;
  const description: ShardFile = { version: 1, plan: plan.digest, shard, attempt, complete, sweep };
  const folder = runFolder(resolve(options.folder));
  createRunFolder(folder);
  using _lock = lockRunFolder(folder);
  createRunFolder(folder);
  const copy = join(folder.staging, "pack.db");
  try {
    using database = openDatabase(folder);
    await settle(database, folder, sweep);
    // A copy has no write-ahead log of its own, and nothing of what was deleted.
    rmSync(copy, { force: true });
    database.prepare("VACUUM INTO ?").run(copy);
    forgetOthers(copy);
    await writeTar(resolve(options.out), async (archive) => {
      await addFile(archive, "shard.json", 0o644, `${JSON.stringify(description)}\n`);
      await addRegular(archive, copy, "run.db");
      const rows = database.prepare("SELECT name, status FROM points ORDER BY idx");
      for (const row of rows.iterate()) {
        const { name, status } = NAMED.parse(row);
        if (status === "succeeded") await addOutputs(archive, folder.points, "points", name);
        else await addOutputs(archive, folder.failed, "failed", name);
        await addOutputs(archive, folder.logs, "logs", name);
      }
    });
  } catch (error) {
    throw databaseRefused(folder, error) ?? error;
  } finally {
    rmSync(copy, { force: true });
  }
}

/** Brings the journal to rest without an engine: what it left running belongs to another machine. */
async function settle(database: DatabaseSync, folder: RunFolder, sweep: string): Promise<void> {
  const run = runId(database, sweep);
  const row = database.prepare("SELECT max(number) AS number FROM executions").get();
  const { number } = z.object({ number: z.number().nullable() }).parse(row);
  const journal = openJournal(database, run, number ?? 0);
  await settleJournal(database, { journal, folder, engine: null, secrets: {} });
}

/** Results of earlier plans are not packed, so the copy must not tell of them. */
function forgetOthers(copy: string): void {
  using database = new DatabaseSync(copy);
  database.exec("DELETE FROM kept");
}

async function addOutputs(
  archive: Pack,
  parent: string,
  inArchive: string,
  name: string,
): Promise<void> {
  const stat = lstatSync(join(parent, name), { throwIfNoEntry: false });
  if (stat?.isDirectory()) await addTree(archive, join(parent, name), `${inArchive}/${name}`);
}

/** A folder has an entry of its own only where nothing else tells that it is there. */
async function addTree(archive: Pack, folder: string, name: string): Promise<void> {
  const entries = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isFile())
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (entries.length === 0) addFolder(archive, name);
  for (const entry of entries) {
    const [path, inside] = [join(folder, entry.name), `${name}/${entry.name}`];
    if (entry.isDirectory()) await addTree(archive, path, inside);
    else await addRegular(archive, path, inside);
  }
}

async function addRegular(archive: Pack, path: string, name: string): Promise<void> {
  const descriptor = openRegular(path);
  let isOpen = true;
  try {
    const { size, mode: bits } = fstatSync(descriptor);
    const mode = bits & 0o777;
    if (size <= SMALL) {
      await addFile(archive, name, mode, readFileSync(descriptor));
    } else {
      isOpen = false;
      await addOpenFile(archive, name, { descriptor, size, mode });
    }
  } finally {
    if (isOpen) closeSync(descriptor);
  }
}
