import type { DatabaseSync } from "node:sqlite";
import type { RunFolder } from "../../results/folder.ts";
import type { FinishData } from "../document.ts";

/** The finish steps of a run. */
export function finishData(_database: DatabaseSync, _folder: RunFolder): FinishData[] {
  return [];
}
