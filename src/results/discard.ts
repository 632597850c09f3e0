import { randomUUID } from "node:crypto";
import { existsSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";

const LEFT = "left-";

/**
 * Removes a folder that a task wrote to. What a container made as another user may not be ours to
 * remove: then the folder, which is ours, is moved into `aside`, on the same file system, so that
 * its place is free.
 */
export function discard(path: string, aside: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const isAside = basename(path).startsWith(LEFT);
    if (!isAside && existsSync(path)) renameSync(path, join(aside, `${LEFT}${randomUUID()}`));
  }
}

/** Removes a folder with all that is in it, as far as it is ours. False where something is left. */
export function discardAll(path: string): boolean {
  try {
    rmSync(path, { recursive: true, force: true });
    return true;
  } catch (error) {
    if (isForbidden(error)) return false;
    throw error;
  }
}

function isForbidden(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && (error.code === "EACCES" || error.code === "EPERM")
  );
}
