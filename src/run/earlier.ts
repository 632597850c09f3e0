import { z } from "zod";
import { readDatabase } from "../results/database.ts";
import { runFolder } from "../results/folder.ts";

const KEY = z.object({ key: z.string() });
const TIMED = z.object({ name: z.string(), seconds: z.number() });

/**
 * The content keys that have succeeded in a run folder, under its last plan or an earlier one.
 *
 * @throws ReportedError (2, 3) where the folder holds no run that can be read.
 */
export function succeededKeys(folder: string): Set<string> {
  using database = readDatabase(runFolder(folder));
  const rows = database.prepare(
    "SELECT key FROM points WHERE status = 'succeeded' UNION SELECT key FROM kept",
  );
  return new Set(rows.all().map((row) => KEY.parse(row).key));
}

/**
 * Wall-clock seconds of the succeeded points of a run folder, by name: what a later plan is
 * balanced by, even where the image and with it every key has changed.
 *
 * @throws ReportedError (2, 3) where the folder holds no run that can be read.
 */
export function measuredSeconds(folder: string): Map<string, number> {
  using database = readDatabase(runFolder(folder));
  const rows = database.prepare(
    "SELECT name, seconds FROM points WHERE status = 'succeeded' AND seconds IS NOT NULL",
  );
  return new Map(
    rows.all().map((row) => {
      const { name, seconds } = TIMED.parse(row);
      return [name, seconds];
    }),
  );
}
