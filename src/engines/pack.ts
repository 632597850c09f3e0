import { createReadStream, type Stats } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import type { Pack } from "tar-stream";

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
