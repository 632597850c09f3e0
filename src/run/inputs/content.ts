import { createHash } from "node:crypto";
import { closeSync, fstatSync, lstatSync, realpathSync } from "node:fs";
import { readdir, readlink } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { hashFile, openRegular } from "../../results/hash.ts";
import { ReportedError } from "../../sweep/errors.ts";

/**
 * The SHA-256 of an input's content, in hex. For a file it is that of its bytes. For a folder it
 * covers every entry's path, the files' content and whether they can be executed, the text of
 * symbolic links; but no times, owners or other modes, so that two checkouts are the same.
 *
 * @param source an absolute path without symbolic links.
 * @throws ReportedError (2) for what cannot be read, is neither file nor folder, or leads out of
 *   the folder.
 */
export async function hashContent(source: string, signal: AbortSignal): Promise<string> {
  try {
    if (!lstatSync(source).isDirectory()) return (await hashOne(source, signal)).sha256;
    const lines: string[] = [];
    for await (const line of describeFolder(source, signal)) lines.push(line);
    const sha256 = createHash("sha256");
    for (const line of lines.sort()) sha256.update(`${line}\n`);
    return sha256.digest("hex");
  } catch (error) {
    if (error instanceof ReportedError) throw error;
    signal.throwIfAborted();
    const text = error instanceof Error ? error.message : String(error);
    throw new ReportedError(
      2,
      `The input ${source} cannot be read: ${text}\nMake it readable, or take it out of \`inputs\`.`,
      { cause: error },
    );
  }
}

/** One line of JSON an entry: path, kind, and content. */
async function* describeFolder(root: string, signal: AbortSignal): AsyncGenerator<string> {
  const pending = [root];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    signal.throwIfAborted();
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const absolute = join(folder, entry.name);
      const path = relative(root, absolute).replaceAll(sep, "/");
      if (entry.isDirectory()) {
        pending.push(absolute);
        yield JSON.stringify([path, "folder"]);
      } else if (entry.isFile()) {
        const { sha256, executable } = await hashOne(absolute, signal);
        yield JSON.stringify([path, executable ? "program" : "file", sha256]);
      } else if (entry.isSymbolicLink()) {
        const target = await readlink(absolute);
        if (leadsOut(root, absolute, target)) throw linkOutside(root, path, target);
        yield JSON.stringify([path, "link", target]);
      } else {
        throw new ReportedError(
          2,
          `The input ${root} holds ${path}, which is neither file nor folder.\n` +
            "Sockets, FIFOs and devices cannot be inputs: take it out.",
        );
      }
    }
  }
}

async function hashOne(
  path: string,
  signal: AbortSignal,
): Promise<{ sha256: string; executable: boolean }> {
  const file = openRegular(path);
  try {
    const { size, mode } = fstatSync(file);
    return { sha256: await hashFile(file, size, signal), executable: (mode & 0o100) !== 0 };
  } finally {
    closeSync(file);
  }
}

/**
 * Whether a link means something beyond the folder: by its text, as the task will see it, or by
 * what it resolves to here, other links included.
 */
function leadsOut(root: string, link: string, target: string): boolean {
  if (isAbsolute(target)) return true;
  const inside = (path: string) => path === root || path.startsWith(root + sep);
  if (!inside(resolve(dirname(link), target))) return true;
  try {
    return !inside(realpathSync.native(link));
  } catch {
    return false; // It leads nowhere, here and in the task.
  }
}

function linkOutside(root: string, path: string, target: string): ReportedError {
  return new ReportedError(
    2,
    `The input ${root} holds a symbolic link that leads out of it: ${path} to ` +
      `${JSON.stringify(target)}.\nA task sees the input alone: put a copy in the link's place.`,
  );
}
