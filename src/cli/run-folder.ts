import { resolve } from "node:path";
import { type RunFolder, runFolder } from "../results/folder.ts";
import { latestRun } from "../results/status.ts";

/** The run folder that is named, or the one that was written to last. */
export function runFolderOf(argument: string | undefined): RunFolder {
  return argument === undefined ? latestRun(process.cwd()) : runFolder(resolve(argument));
}
