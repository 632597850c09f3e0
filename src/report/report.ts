import { rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { folderRefused, type RunFolder, runFolder } from "../results/folder.ts";
import { clientScript } from "./client-script.ts";
import { comparisonDocument } from "./data/comparison.ts";
import { runDocument } from "./data/run.ts";
import type { ReportDocument } from "./document.ts";
import { page } from "./page.ts";

/**
 * Writes `report.html` into a run folder: one file that opens without network, and shows pictures
 * and videos that lie beside it.
 *
 * @param root absolute path of the run folder.
 * @returns the absolute path of the file.
 * @throws ReportedError (2) where the folder holds no run, (3) where it cannot be read or written,
 *   or the report's script is not in this installation.
 */
export async function writeReport(root: string): Promise<string> {
  const folder = runFolder(root);
  return await writePage(folder, basename(folder.report), runDocument(folder));
}

/**
 * Writes `compare.html` into the second run folder: what changed from one run to the other.
 *
 * @param a absolute path of the run folder before.
 * @param b absolute path of the run folder after.
 * @returns the absolute path of the file.
 * @throws ReportedError as `writeReport`.
 */
export async function writeComparison(a: string, b: string): Promise<string> {
  const folder = runFolder(b);
  return await writePage(folder, "compare.html", comparisonDocument(runFolder(a), folder));
}

async function writePage(
  folder: RunFolder,
  name: string,
  document: ReportDocument,
): Promise<string> {
  const path = join(folder.root, name);
  const text = page(document, await clientScript());
  // Whole or absent, also while somebody looks at the older one.
  const partial = `${path}.partial`;
  try {
    // Never through a link that somebody put there.
    await rm(partial, { force: true });
    await writeFile(partial, text, { flag: "wx" });
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {});
    throw folderRefused(folder, cause);
  }
  return path;
}
