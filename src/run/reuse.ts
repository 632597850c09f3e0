import { constants, cpSync, existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { nameProblem } from "../plan/name.ts";
import { hasOwnSchema, readDatabase } from "../results/database.ts";
import { discard } from "../results/discard.ts";
import type { RunFolder } from "../results/folder.ts";
import { MANIFEST, placeOutputs, verifyOutputs } from "../results/outputs.ts";
import { METRICS } from "../results/rows.ts";
import { ReportedError } from "../sweep/errors.ts";

const TODO = z.object({ key: z.string(), name: z.string(), attempts: z.number() });
/** A folder inside the run's own, whoever wrote its name. */
const OWN_FOLDER = z
  .string()
  .refine((path) => path.split("/").every((step) => nameProblem(step) === null), "no own folder");
const SAFE_PATH = z
  .string()
  .refine(
    (path) => path.split("/").every((step) => !["", ".", ".."].includes(step)),
    "no own file",
  );
const RESULT = z.object({
  folder: OWN_FOLDER,
  logs: OWN_FOLDER,
  exit_code: z.number().nullable(),
  attempts: z.number(),
  seconds: z.number().nullable(),
  cpu_seconds: z.number().nullable(),
  peak_memory: z.number().nullable(),
  reason: z.string().nullable(),
  metrics: z.string().nullable(),
  files: z.string(),
});

/** A result with its manifest, or null where no run of ours can have written it. */
function resultOf(row: unknown) {
  try {
    const result = RESULT.parse(row);
    const files = MANIFEST.parse(JSON.parse(result.files));
    for (const { path } of files) SAFE_PATH.parse(path);
    if (result.metrics !== null) METRICS.parse(JSON.parse(result.metrics));
    return { ...result, manifest: files };
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * Copies from another run folder the results of points that are still to run, by content key and
 * only where their outputs are as recorded. Returns how many.
 *
 * `foreign`: the folder came from another machine, and nobody has vouched for it.
 *
 * @throws ReportedError (2, 3) for a folder that holds no run that can be read.
 */
export function reuseResults(
  database: DatabaseSync,
  folder: RunFolder,
  other: RunFolder,
  options: { readonly verify: boolean; readonly foreign?: boolean },
): number {
  using source = readDatabase(other);
  if (options.foreign === true && !hasOwnSchema(source)) {
    throw new ReportedError(
      3,
      `${other.database} is no run of this version of sim-pipeline.\nPlan again without its results.`,
    );
  }
  const select = source.prepare(`
    SELECT 'points/' || name AS folder, 'logs/' || name AS logs, exit_code, attempts, seconds,
      cpu_seconds, peak_memory, reason, metrics, files
      FROM points WHERE key = ?1 AND status = 'succeeded'
    UNION ALL
    SELECT folder, logs, exit_code, attempts, seconds, cpu_seconds, peak_memory, reason, metrics,
      files FROM kept WHERE key = ?1`);
  const accept = database.prepare(
    `UPDATE points SET status = 'succeeded', cached = 1, exit_code = ?, attempts = ?, seconds = ?,
       cpu_seconds = ?, peak_memory = ?, reason = ?, metrics = ?, files = ?, todo = 0
     WHERE key = ?`,
  );
  let reused = 0;
  for (const row of database
    .prepare("SELECT key, name, attempts FROM points WHERE todo = 1")
    .all()) {
    const { key, name, attempts } = TODO.parse(row);
    const found = select.get(key);
    if (found === undefined) continue;
    const result = resultOf(found);
    if (result === null) continue;
    const outputs = join(other.root, result.folder);
    if (verifyOutputs(outputs, result.manifest, { deep: options.verify }) !== null) continue;
    const staged = join(folder.staging, "reuse");
    discard(staged, folder.staging);
    copy(outputs, staged);
    placeOutputs(staged, join(folder.points, name));
    // Logs are named after attempts: where the point has some of its own, they stay.
    if (attempts === 0) copy(join(other.root, result.logs), join(folder.logs, name));
    discard(join(folder.failed, name), folder.staging);
    const { exit_code, seconds, cpu_seconds, peak_memory, reason, metrics } = result;
    accept.run(
      exit_code,
      Math.max(attempts, result.attempts),
      seconds,
      cpu_seconds,
      peak_memory,
      reason,
      metrics,
      result.files,
      key,
    );
    reused++;
  }
  return reused;
}

/** Copies a folder, sharing its blocks where the file system can. */
function copy(from: string, to: string): void {
  if (!existsSync(from)) return;
  cpSync(from, to, {
    recursive: true,
    mode: constants.COPYFILE_FICLONE,
    preserveTimestamps: true,
    filter: (source) => !lstatSync(source).isSymbolicLink(),
  });
}
