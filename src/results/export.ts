import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { RunFolder } from "./folder.ts";
import { layoutOf } from "./layout.ts";
import { pointRows } from "./rows.ts";
import { exportTables, type Format } from "./table.ts";

/**
 * Writes one row a point of the current plan to the run folder, as CSV and JSON lines, and as
 * Parquet where that is asked for; an older Parquet file would tell of another plan and goes.
 *
 * @returns the names of the files in the run folder.
 * @throws ReportedError (3) for more columns than a table can have; file system errors as they are.
 */
export async function exportRun(
  database: DatabaseSync,
  folder: RunFolder,
  options: { readonly parquet: boolean },
): Promise<string[]> {
  const formats: Format[] = options.parquet ? ["csv", "jsonl", "parquet"] : ["csv", "jsonl"];
  const tables = formats.map((format) => ({
    format,
    path: join(folder.root, `results.${format}`),
  }));
  const layout = layoutOf(pointRows(database));
  await exportTables(pointRows(database), layout, tables);
  if (!options.parquet) await rm(join(folder.root, "results.parquet"), { force: true });
  return formats.map((format) => `results.${format}`);
}
