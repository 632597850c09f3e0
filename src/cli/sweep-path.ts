import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ReportedError } from "../sweep/errors.ts";
import { nearest } from "../sweep/suggest.ts";
import { harmlessText } from "./output.ts";

const NAMES = ["sweep.yaml", "sweep.yml"];

/**
 * The sweep file that is meant: a file as it is, a folder's own, the working directory's where
 * nothing is named.
 *
 * @throws ReportedError (2) where there is no such file, or the folder has none.
 */
export function sweepPath(argument: string | undefined): string {
  const folder = argument ?? ".";
  if (argument !== undefined) {
    const found = statSync(argument, { throwIfNoEntry: false });
    if (found === undefined) throw absent(argument);
    if (!found.isDirectory()) return argument;
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

function absent(argument: string): ReportedError {
  const folder = dirname(argument);
  const near = nearest(basename(argument), namesIn(folder));
  const remedy =
    near === null
      ? "Name a sweep file, or a folder that has a sweep.yaml. " +
        "In a workflow, actions/checkout comes before."
      : `Did you mean ${join(folder, near)}?`;
  return new ReportedError(
    2,
    harmlessText(`${argument}: the sweep file does not exist\n${remedy}`),
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // Not there either, or not to be read: there is nothing to suggest.
  }
}
