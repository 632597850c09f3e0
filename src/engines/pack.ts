import { createReadStream, createWriteStream, type Stats } from "node:fs";
import { lstat, readdir, readlink, rm } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { type Header, type Pack, pack } from "tar-stream";

export interface PackRules {
  /** The permission bits that a file or folder gets. */
  mode(stat: Stats): number;
  /** Whether to leave out this path, relative to the archive's root. */
  leaveOut(name: string): boolean;
  /** Whether a folder that is left out may hold what is not. */
  readonly lookInside: boolean;
}

/**
 * Adds a file, symbolic link or folder with all that is in it to a tar, in the order of their
 * names, owned by root. `name` is its path in the archive; empty for a folder whose content becomes
 * the archive's root. Sockets, FIFOs and devices are left out.
 */
export async function addTree(
  archive: Pack,
  source: string,
  name: string,
  rules: PackRules,
): Promise<void> {
  const stat = await lstat(source);
  const out = name !== "" && rules.leaveOut(name);
  if (out && !(rules.lookInside && stat.isDirectory())) return;
  const header = { name, mode: rules.mode(stat), mtime: stat.mtime, uid: 0, gid: 0 };
  if (stat.isSymbolicLink()) {
    archive.entry({ ...header, type: "symlink", linkname: await readlink(source) });
  } else if (stat.isDirectory()) {
    if (name !== "" && !out) archive.entry({ ...header, type: "directory" });
    for (const entry of (await readdir(source)).sort()) {
      const inside = name === "" ? entry : `${name}/${entry}`;
      await addTree(archive, path.join(source, entry), inside, rules);
    }
  } else if (stat.isFile() && stat.size === 0) {
    archive.entry(header, "");
  } else if (stat.isFile()) {
    const entry = archive.entry({ ...header, size: stat.size });
    await pipeline(createReadStream(source, { end: stat.size - 1 }), entry);
  }
}

/**
 * Writes a tar file of what `fill` adds, piece by piece; none is left where that fails.
 *
 * @throws what `fill` throws, and file system errors.
 */
export async function writeTar(
  target: string,
  fill: (archive: Pack) => Promise<void>,
): Promise<void> {
  const archive = pack();
  const writing = pipeline(archive, createWriteStream(target));
  const filling = (async () => {
    try {
      await fill(archive);
      archive.finalize();
    } catch (error) {
      archive.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  })();
  // A disk that refuses ends both, and says why in the first.
  const ends = await Promise.allSettled([writing, filling]);
  const failed = ends.find((end) => end.status === "rejected");
  if (failed === undefined) return;
  await rm(target, { force: true });
  throw failed.reason;
}

/** What an entry of our own archives has: no times and no owner, so that two of them are equal. */
function header(name: string, mode: number): Partial<Header> & { readonly name: string } {
  return { name, mode, mtime: new Date(0), uid: 0, gid: 0 };
}

/** Adds a file, and resolves when the archive has taken it. */
export async function addFile(
  archive: Pack,
  name: string,
  mode: number,
  content: Buffer | string,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    archive.entry(header(name, mode), content, (error) => (error ? reject(error) : resolve()));
  });
}

/** Adds an empty folder. */
export function addFolder(archive: Pack, name: string): void {
  archive.entry({ ...header(name, 0o755), type: "directory" });
}

/** Adds the first `size` bytes of an open file, which is closed. */
export async function addOpenFile(
  archive: Pack,
  name: string,
  file: { readonly descriptor: number; readonly size: number; readonly mode: number },
): Promise<void> {
  const entry = archive.entry({ ...header(name, file.mode), size: file.size });
  const content = createReadStream("", { fd: file.descriptor, start: 0, end: file.size - 1 });
  await pipeline(content, entry);
}
