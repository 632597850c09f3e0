import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ReportedError } from "../sweep/errors.ts";

const NAMES = ["sweep.yaml", "sweep.yml"];

/**
 * The sweep file that is meant: a file as it is, a folder's own, the working directory's where
 * nothing is named. A file that is not there is left to whoever reads it.
 *
 * @throws ReportedError (2) where the folder has none.
 */
export function sweepPath(argument: string | undefined): string {
  const folder = argument ?? ".";
  if (argument !== undefined && !statSync(argument, { throwIfNoEntry: false })?.isDirectory()) {
    return argument;
  }
  for (const name of NAMES) {
    // Joined with ".", a path loses it and reads as people write it.
    const path = join(folder, name);
    if (existsSync(path)) return path;
  }
  throw new ReportedError(
    2,
    `No sweep.yaml in ${argument ?? process.cwd()}.\n` +
      "Name a sweep file, or write a first one with `sim-pipeline init`.",
  );
}
