import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { discard } from "../results/discard.ts";
import type { RunFolder } from "../results/folder.ts";

const MOVE = z.object({ id: z.number(), source: z.string(), target: z.string() });

/**
 * Carries out the journalled moves of folders, all of them or, after a crash, what is left. What
 * moves to no target is removed.
 *
 * Two steps, since names may be swapped: every source is parked in staging first, then every
 * parked folder goes to its target. In either step a folder's presence in the parking place says
 * whether its rename was done.
 */
export function carryOutMoves(database: DatabaseSync, folder: RunFolder): void {
  const moves = database.prepare("SELECT id, source, target FROM moves ORDER BY id");
  const parked = (id: number) => join(folder.staging, `move-${id}`);
  for (const row of database.prepare("SELECT * FROM moves WHERE parked = 0").all()) {
    const { id, source } = MOVE.parse(row);
    const from = join(folder.root, source);
    if (!existsSync(parked(id)) && existsSync(from)) renameSync(from, parked(id));
  }
  database.exec("UPDATE moves SET parked = 1");
  for (const row of moves.all()) {
    const { id, target } = MOVE.parse(row);
    if (!existsSync(parked(id))) continue;
    if (target === "") {
      discard(parked(id), folder.staging);
      continue;
    }
    const to = join(folder.root, target);
    discard(to, folder.staging);
    mkdirSync(dirname(to), { recursive: true });
    renameSync(parked(id), to);
  }
  database.exec("DELETE FROM moves");
}
