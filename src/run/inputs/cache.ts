import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { placeOutputs } from "../../results/outputs.ts";
import { hashContent } from "./content.ts";

/**
 * Fetches a remote input to the absent path `target`, as a file or a folder, unless what an
 * earlier fetch returned as `known` still holds. Returns what to give next time (null where that
 * cannot be known), or "unchanged".
 */
export type Fetch = (known: string | null, target: string) => Promise<string | null | "unchanged">;

const ENTRY = z.object({ known: z.string().nullable(), sha256: z.string() });

/**
 * A remote input's local copy: the one from before where it is whole and the remote says that
 * nothing has changed, else a new one, put in its place when it is complete.
 */
export async function cachedInput(
  cacheFolder: string,
  address: string,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<{ readonly source: string; readonly sha256: string }> {
  const folder = join(cacheFolder, hash("sha256", address).slice(0, 32));
  const source = join(folder, "content");
  const partial = `${folder}.partial`;
  const kept = await keptEntry(folder, source, signal);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  try {
    const fetched = join(partial, "content");
    const known = await fetch(kept?.known ?? null, fetched);
    if (known === "unchanged" && kept !== null) return { source, sha256: kept.sha256 };
    await makeReadable(fetched);
    const sha256 = await hashContent(fetched, signal);
    await writeFile(join(partial, "entry.json"), JSON.stringify({ known, sha256 }));
    placeOutputs(partial, folder);
    return { source, sha256 };
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** What is in the cache, or null where it is absent or not as it was written. */
async function keptEntry(
  folder: string,
  source: string,
  signal: AbortSignal,
): Promise<z.infer<typeof ENTRY> | null> {
  if (!existsSync(source)) return null;
  try {
    const entry = ENTRY.parse(JSON.parse(await readFile(join(folder, "entry.json"), "utf8")));
    return (await hashContent(source, signal)) === entry.sha256 ? entry : null;
  } catch {
    signal.throwIfAborted();
    return null; // Whatever is wrong with it, a new download makes it right.
  }
}

/** A task may run as another user, and our own umask may be strict. */
async function makeReadable(path: string): Promise<void> {
  const isFolder = (await stat(path)).isDirectory();
  await chmod(path, isFolder ? 0o755 : 0o644);
  if (!isFolder) return;
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
}
