import { existsSync, lstatSync, mkdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { ReportedError } from "../sweep/errors.ts";

/** Where things are in a run folder: every path absolute. */
export interface RunFolder {
  readonly root: string;
  readonly database: string;
  readonly lock: string;
  /** Parent of the outputs of succeeded points. */
  readonly points: string;
  /** Parent of the last failed attempts' outputs. */
  readonly failed: string;
  readonly logs: string;
  /** What is being written; nothing in it survives a run. */
  readonly staging: string;
  /** Succeeded results that the current plan has no place for, by key. */
  readonly kept: string;
  readonly cache: string;
  /** The page of the run; absent while a run changes what it shows. */
  readonly report: string;
}

/** The layout of the run folder at an absolute path; nothing is created. */
export function runFolder(root: string): RunFolder {
  return {
    root,
    database: join(root, "run.db"),
    lock: join(root, "run.lock"),
    points: join(root, "points"),
    failed: join(root, "failed"),
    logs: join(root, "logs"),
    staging: join(root, "staging"),
    kept: join(root, "kept"),
    cache: join(root, "cache"),
    report: join(root, "report.html"),
  };
}

/** True for a path that holds a run. */
export function isRunFolder(path: string): boolean {
  return existsSync(runFolder(resolve(path)).database);
}

/**
 * Makes a folder and the folders above it. Not by Node's recursive `mkdirSync`, which never returns
 * where a file system answers ENOENT for a parent that is there, as /proc does.
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if (!isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Creates the run folder. Throws a ReportedError (3) where that is refused. */
export function createRunFolder(folder: RunFolder): void {
  try {
    for (const path of [folder.points, folder.logs, folder.staging]) {
      makeFolder(path);
    }
  } catch (cause) {
    throw folderRefused(folder, cause);
  }
}

/** Whether a run folder has a report, which is of the run as it stands. */
export function hasReport({ report }: RunFolder): boolean {
  return lstatSync(report, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Removes a run folder's report, which would be taken for that of the run that changes it. */
export function dropReport(folder: RunFolder): void {
  if (hasReport(folder)) rmSync(folder.report, { force: true });
}

/** What to say when the disk or the permissions of a run folder stop us. */
export function folderRefused(folder: RunFolder, cause: unknown): ReportedError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const remedy =
    isDiskFull(cause) || isFull(folder)
      ? "The disk is full. Make room, then run the same command again: what finished is kept."
      : "Check that the folder can be written, or choose another with --out.";
  return new ReportedError(3, `Cannot write the run folder ${folder.root}: ${text}\n${remedy}`, {
    cause,
  });
}

/** Below this many free bytes nothing of use can be written. */
const FULL = 256 * 1024;

/** True where the disk of a run folder has no room left for us. */
export function isFull(folder: RunFolder): boolean {
  // The folder may not be there: that is why somebody asks.
  let there = folder.root;
  while (!existsSync(there)) there = dirname(there);
  const { bavail, blocks, bsize } = statfsSync(there);
  // A file system without blocks, as /proc, is no disk.
  return blocks > 0 && bavail * bsize < FULL;
}

/** True for an error of the file system about something in a run folder, or the folder itself. */
export function isAboutFolder(folder: RunFolder, error: unknown): boolean {
  if (!(error instanceof Error) || !("path" in error) || typeof error.path !== "string") {
    return false;
  }
  return `${error.path}${sep}`.startsWith(`${folder.root}${sep}`);
}

/** True for "no space left on device" or "quota exceeded", from the file system or from SQLite. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? error.code : undefined;
  const sqlite = "errcode" in error ? error.errcode : undefined;
  const SQLITE_FULL = 13;
  return (
    code === "ENOSPC" || code === "EDQUOT" || sqlite === SQLITE_FULL || isDiskFull(error.cause)
  );
}
