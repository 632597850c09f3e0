/**
 * The identity of what the process engine runs: the command, Node's version and the content of
 * the sweep's folder. It stands where containers have their image's digest in every point's key.
 */

import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import dockerignore from "@balena/dockerignore";
import { ReportedError } from "../../sweep/errors.ts";
import type { Sweep } from "../../sweep/sweep.ts";

/** More than this is no program, but data, or a home folder by mistake. */
const LIMIT_BYTES = 2 ** 30;

interface Entry {
  /** Relative to the sweep's folder. */
  readonly path: string;
  readonly kind: "file" | "link";
}

/**
 * `sha256:<hex>` over the sweep's `process` words, Node's version, and the paths, contents and
 * executable bits of the files in its folder; less the sweep file, what `.dockerignore` names,
 * `.git`, `__pycache__` and run folders. Links count as what they say, not what they lead to.
 * Throws a ReportedError (2) for what cannot be read, and for more than `limit` bytes.
 */
export async function processIdentity(
  sweep: Sweep,
  signal: AbortSignal,
  limit = LIMIT_BYTES,
): Promise<string> {
  const { folder } = sweep;
  const hash = createHash("sha256");
  hash.update(JSON.stringify(["process-1", sweep.process, process.version]));
  let bytes = 0;
  for (const { path, kind } of await listContent(sweep)) {
    signal.throwIfAborted();
    const file = join(folder, path);
    hash.update(JSON.stringify([kind, path]));
    try {
      if (kind === "link") hash.update(JSON.stringify(await readlink(file)));
      else bytes += await hashFile(hash, file, limit - bytes);
    } catch (error) {
      // Editors replace files: one that went since it was listed counts as empty.
      if (hasCode(error, "ENOENT")) continue;
      throw unreadable(file, folder, error);
    }
    if (bytes > limit) {
      throw new ReportedError(
        2,
        `${folder} holds more than ${limit / 2 ** 20} MiB: all of it would be part of what the ` +
          "process engine runs, and any change to it would run every point again. Put the sweep " +
          `file into a folder of its own with the program, or name data and results in ${folder}/.dockerignore`,
      );
    }
  }
  return `sha256:${hash.digest("hex")}`;
}

/** Adds a file's size, executable bit and content; gives its size. Stops reading at the limit. */
async function hashFile(hash: Hash, file: string, limit: number): Promise<number> {
  const { size, mode } = await lstat(file);
  hash.update(JSON.stringify([size, (mode & 0o100) !== 0]));
  if (size > limit) return size;
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return size;
}

/** What counts of a sweep's folder, sorted. */
async function listContent(sweep: Sweep): Promise<Entry[]> {
  const ignored = await readIgnored(sweep.folder);
  const found: Entry[] = [];
  const visit = async (path: string): Promise<void> => {
    const entries = await readdir(join(sweep.folder, path), { withFileTypes: true }).catch(
      (error: unknown) => {
        throw unreadable(join(sweep.folder, path), sweep.folder, error);
      },
    );
    if (entries.some((entry) => entry.name === "run.db")) return;
    for (const entry of entries) {
      const inner = join(path, entry.name);
      if (entry.name === ".git") continue;
      if (entry.isDirectory()) {
        if (entry.name !== "__pycache__" && !ignored.whole(inner)) await visit(inner);
      } else if (!ignored.file(inner) && join(sweep.folder, inner) !== sweep.file) {
        if (entry.isFile()) found.push({ path: inner, kind: "file" });
        else if (entry.isSymbolicLink()) found.push({ path: inner, kind: "link" });
      }
    }
  };
  await visit("");
  // By code units: the same everywhere, unlike a listing's order or a locale's.
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface Ignored {
  file(path: string): boolean;
  /** A folder in which nothing counts. */
  whole(path: string): boolean;
}

async function readIgnored(folder: string): Promise<Ignored> {
  const file = join(folder, ".dockerignore");
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return "";
    throw unreadable(file, folder, error);
  });
  // Its default is not Docker's: patterns there tell upper from lower case.
  const rules = dockerignore.default({ ignorecase: false }).add(text);
  try {
    rules.ignores("a");
  } catch (error) {
    throw new ReportedError(2, `${file} holds a pattern that cannot be read: ${reason(error)}`, {
      cause: error,
    });
  }
  // Where there are exceptions, one may lie in a folder that is named.
  const exceptions = /^\s*!/m.test(text);
  return {
    file: (path) => rules.ignores(path),
    whole: (path) => !exceptions && rules.ignores(path),
  };
}

function unreadable(file: string, folder: string, error: unknown): ReportedError {
  return new ReportedError(
    2,
    `cannot read ${file}, which is part of what the process engine runs: ${reason(error)}. ` +
      `Make it readable, or name it in ${join(folder, ".dockerignore")}`,
    { cause: error },
  );
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
