import { closeSync, existsSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve, sep } from "node:path";

/** A file that cannot be used. The message reads on after the file's name. */
export class FileProblem extends Error {
  override readonly name = "FileProblem";
  readonly hint: string | null;

  constructor(message: string, hint: string | null = null, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** The text of a regular file of at most `limit` bytes, without its byte order mark. Throws FileProblem. */
export function readTextFile(path: string, limit: number): string {
  const bytes = readBytes(path, limit);
  if (bytes.includes(0)) throw new FileProblem("is no text: it holds NUL bytes");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FileProblem("is not UTF-8 text", "save it as UTF-8", { cause });
  }
}

function readBytes(path: string, limit: number): Buffer {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw new FileProblem("is a folder, not a file");
    // A pipe or a device might never end.
    if (!stat.isFile()) throw new FileProblem("is not a regular file");
    if (stat.size > limit) {
      throw new FileProblem(`has ${stat.size} bytes, and at most ${limit} are read`);
    }
    const file = openSync(path, "r");
    try {
      // One byte more than the limit, in case the file grew meanwhile.
      const buffer = Buffer.alloc(Math.min(limit, stat.size + 4096) + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < buffer.length; length += read) {
        read = readSync(file, buffer, length, buffer.length - length, null);
      }
      if (length === buffer.length) throw new FileProblem("grows while it is read");
      return buffer.subarray(0, length);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof FileProblem) throw error;
    throw new FileProblem(systemMessage(error), null, { cause: error });
  }
}

/** What a system error means for who named the file. */
function systemMessage(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  switch (code) {
    case "ENOENT":
      return "does not exist";
    case "ENOTDIR":
      return "does not exist: a part of its path is no folder";
    case "EACCES":
    case "EPERM":
      return "may not be read: permission denied";
    case "ELOOP":
      return "is a symlink that leads nowhere";
    case "ENAMETOOLONG":
      return "has too long a name";
    default:
      return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Where the files that a sweep names may be. */
export interface Bounds {
  /** Absolute; relative paths begin in it. */
  readonly folder: string;
  /** Absolute; null: the sweep's repository (the nearest parent with .git), or else its folder. */
  readonly root: string | null;
  /** Whether they may lie outside of that. */
  readonly allowOutside: boolean;
}

/**
 * The absolute path of a file or folder that the sweep names, which must exist and, symlinks
 * resolved, lie inside the bounds. Throws FileProblem.
 */
export function resolveInside(from: string, bounds: Bounds): string {
  const { folder } = bounds;
  const path = resolve(folder, from);
  let real: string;
  let root: string;
  try {
    // The kernel's answer: Node's own takes `link/..` for the folder that holds the link.
    real = realpathSync.native(path);
    root = realpathSync.native(bounds.root ?? rootOf(folder));
  } catch (error) {
    const hint = isAbsolute(from) ? null : `relative paths begin in ${folder}`;
    throw new FileProblem(systemMessage(error), hint, { cause: error });
  }
  if (
    bounds.allowOutside ||
    real === root ||
    real.startsWith(root.endsWith(sep) ? root : root + sep)
  ) {
    return path;
  }
  throw new FileProblem(
    `leads out of ${root}, where the sweep's files must be`,
    "copy it there, or allow it with --allow-outside",
  );
}

function rootOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return at;
    if (dirname(at) === at) return folder;
  }
}
