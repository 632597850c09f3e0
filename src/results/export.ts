import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { RunFolder } from "./folder.ts";
import { layoutOf } from "./layout.ts";
import { pointRows } from "./rows.ts";
import { exportCsv, exportJsonl, exportParquet } from "./table.ts";

const PARQUET_NAME = "results.parquet";

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
  const layout = layoutOf(pointRows(database));
  await exportCsv(pointRows(database), layout, join(folder.root, "results.csv"));
  await exportJsonl(pointRows(database), layout, join(folder.root, "results.jsonl"));
  const parquet = join(folder.root, PARQUET_NAME);
  if (!options.parquet) {
    await rm(parquet, { force: true });
    return ["results.csv", "results.jsonl"];
  }
  await exportParquet(pointRows(database), layout, parquet);
  return ["results.csv", "results.jsonl", PARQUET_NAME];
}
