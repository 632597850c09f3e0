import { createHash, hash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  fstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
} from "node:fs";
import { isAbsolute, join, relative, sep } from "node:path";
import { hashFile, openRegular } from "../../results/hash.ts";
import { ReportedError } from "../../sweep/errors.ts";
import type { Sweep } from "../../sweep/sweep.ts";

/** What all files together may have, in bytes, to travel with the plan. */
const MAX_CARRIED = 10 * 1024 * 1024;

/** A file that the sweep reads. */
export interface SweepFile {
  /** Relative to the repository's root, with `/`. */
  readonly path: string;
  readonly sha256: string;
  readonly executable: boolean;
  /** Null where the files are too large to be carried. */
  readonly content: Buffer | null;
}

export interface SweepFiles {
  /** Sorted by path. */
  readonly files: readonly SweepFile[];
  /** Relative paths of folders that have nothing in them. */
  readonly folders: readonly string[];
  /** False where they are too large, or hold symbolic links, which a plan does not carry. */
  readonly carried: boolean;
}

/**
 * Everything that a sweep reads, with its content where all of it is small.
 *
 * @throws ReportedError (2) for what lies outside of `root`, an absolute path, or cannot be read.
 */
export async function sweepFiles(sweep: Sweep, root: string): Promise<SweepFiles> {
  const found = new Map<string, SweepFile>();
  const folders: string[] = [];
  let bytes = 0;
  let links = false;

  const add = async (absolute: string, path: string): Promise<void> => {
    if (found.has(path)) return;
    // The sweep's own path may be a link; what a plan carries is the file that it stands for.
    const descriptor = openRegular(realpathSync.native(absolute));
    try {
      const { size, mode } = fstatSync(descriptor);
      const executable = (mode & 0o100) !== 0;
      bytes += size;
      if (bytes > MAX_CARRIED) {
        found.set(path, {
          path,
          sha256: await hashFile(descriptor, size),
          executable,
          content: null,
        });
      } else {
        const content = readFileSync(descriptor);
        found.set(path, { path, sha256: hash("sha256", content), executable, content });
      }
    } finally {
      closeSync(descriptor);
    }
  };
  const addFolder = async (absolute: string, path: string): Promise<void> => {
    const entries = readdirSync(absolute, { withFileTypes: true });
    if (entries.length === 0) folders.push(path);
    for (const entry of entries) {
      const inside = `${path}/${entry.name}`;
      if (entry.isDirectory()) await addFolder(join(absolute, entry.name), inside);
      else if (entry.isFile()) await add(join(absolute, entry.name), inside);
      else links = true;
    }
  };

  for (const absolute of sweep.reads) {
    const path = inRepository(absolute, root);
    try {
      if (statSync(absolute).isDirectory()) await addFolder(realpathSync.native(absolute), path);
      else await add(absolute, path);
    } catch (cause) {
      if (cause instanceof ReportedError) throw cause;
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new ReportedError(2, `${absolute} cannot be read: ${text}\nMake it readable.`, {
        cause,
      });
    }
  }
  const files = [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, folders: folders.sort(), carried: bytes <= MAX_CARRIED && !links };
}

/**
 * The path relative to the repository's root, with `/`.
 *
 * @throws ReportedError (2) where it is not inside.
 */
export function inRepository(absolute: string, root: string): string {
  const path = relative(root, absolute);
  const real = relative(realpathSync.native(root), realpathSync.native(absolute));
  if ([path, real].some((one) => one === ".." || one.startsWith(`..${sep}`) || isAbsolute(one))) {
    throw new ReportedError(
      2,
      `${absolute} lies outside of ${root}, and the jobs that run the shards do not have it.\n` +
        "Copy it into the repository, or fetch it from an https://, s3:// or gs:// address.",
    );
  }
  return path.replaceAll(sep, "/");
}

/** Hex SHA-256 of a file, links followed; null where there is no such file. */
export async function hashOf(path: string): Promise<string | null> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) return null;
  const sha256 = createHash("sha256");
  for await (const piece of createReadStream(path)) sha256.update(piece);
  return sha256.digest("hex");
}
