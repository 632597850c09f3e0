import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract, type Header } from "tar-stream";

export interface ArchiveLimits {
  /** Files and folders. */
  readonly entries: number;
  /** Of all files together, unpacked. */
  readonly bytes: number;
}

/** An entry that was not unpacked; `path` as the archive has it. */
export interface DroppedEntry {
  readonly path: string;
  readonly reason: string;
}

/** The archive holds more than its limits allow; what was unpacked until then is still there. */
export class ArchiveLimitError extends Error {
  override readonly name = "ArchiveLimitError";
}

/** An entry of tar-stream, whose own type for it is not exported. */
interface Entry extends AsyncIterable<unknown> {
  readonly header: Header;
  resume(): unknown;
}

/** Names that Windows keeps for devices, with any extension. */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/**
 * Unpacks a tar (ustar, PAX or GNU, not compressed) that nobody has vouched for into `folder`, an
 * existing, empty folder that nobody else writes to. Only regular files and folders come out, with
 * their permission bits, owned by the caller. Left out, and named with the reason: links of both
 * kinds, devices, FIFOs; absolute paths and `..`; and what cannot stand beside an earlier entry on
 * every disk: the same path again, or one that differs only in case or Unicode normalisation.
 *
 * `root` is a first folder in the archive whose content lands in `folder` itself.
 * Throws ArchiveLimitError, and Error for a broken or cut archive.
 */
export async function extractTar(
  archive: Readable,
  folder: string,
  limits: ArchiveLimits,
  root: string | null = null,
): Promise<{ dropped: readonly DroppedEntry[] }> {
  const dropped: DroppedEntry[] = [];
  const names = new Names();
  let entries = 0;
  let bytes = 0;

  const parser = extract();
  // A cut archive destroys the entry that is being read, and an entry already destroyed when the
  // copy begins would keep it waiting for ever.
  const broken = new AbortController();
  const piping = pipeline(archive, parser).catch((error: unknown) => {
    broken.abort(error);
    throw error;
  });
  const unpacking = (async () => {
    for await (const entry of parser) {
      const { name, size = 0 } = entry.header;
      entries += 1;
      bytes += size;
      if (entries > limits.entries) {
        throw new ArchiveLimitError(`more than ${limits.entries} files and folders`);
      }
      if (bytes > limits.bytes) throw new ArchiveLimitError(`more than ${limits.bytes} bytes`);

      const parts = splitPath(name, root);
      const reason =
        badType(entry) ?? badPath(parts, isFolder(entry)) ?? names.claim(parts, isFolder(entry));
      if (reason !== null) dropped.push({ path: name, reason });
      else await unpack(entry, path.join(folder, ...parts), broken.signal);
      entry.resume();
    }
  })();
  // Each ends the other when it fails; the reason is with the one that failed by itself.
  const [piped, unpacked] = await Promise.allSettled([piping, unpacking]);
  if (unpacked.status === "rejected" && !isAbort(unpacked.reason)) throw unpacked.reason;
  if (piped.status === "rejected") throw piped.reason;
  return { dropped };
}

function isFolder(entry: Entry): boolean {
  return entry.header.type === "directory";
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

async function unpack(entry: Entry, target: string, broken: AbortSignal): Promise<void> {
  // The bits beyond rwx (setuid and the like) are nobody's to hand over, and without the owner's
  // own rights the caller could neither fill a folder nor delete it.
  const mode = (entry.header.mode ?? 0o644) & 0o777;
  if (isFolder(entry)) {
    await mkdir(target, { recursive: true, mode: mode | 0o700 });
    return;
  }
  await mkdir(path.dirname(target), { recursive: true });
  const file = createWriteStream(target, { flags: "wx", mode: mode | 0o600 });
  await pipeline(entry, file, { signal: broken });
}

/** The path's components below `root`, empty ones and `.` left out. */
function splitPath(name: string, root: string | null): string[] {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (root !== null && parts[0] === root) parts.shift();
  if (name.startsWith("/")) parts.unshift("/");
  return parts;
}

function badType(entry: Entry): string | null {
  switch (entry.header.type) {
    case "file":
    case "contiguous-file":
    case "directory":
      return null;
    case "symlink":
      return `a symbolic link to ${entry.header.linkname ?? "nowhere"}`;
    case "link":
      return `a hard link to ${entry.header.linkname ?? "nowhere"}`;
    case "character-device":
    case "block-device":
      return "a device";
    case "fifo":
      return "a FIFO";
    default:
      return "neither a file nor a folder";
  }
}

function badPath(parts: readonly string[], folder: boolean): string | null {
  if (parts.length === 0 && !folder) return "a file in the place of the folder";
  if (parts[0] === "/") return "an absolute path";
  if (parts.includes("..")) return "a path with `..`";
  if (process.platform === "win32") {
    // There, these would name a device, another file or another drive.
    const bad = parts.find((part) => WINDOWS_DEVICE.test(part) || /[\\:*?"<>|]|[. ]$/.test(part));
    if (bad !== undefined) return `a name that Windows does not allow: ${bad}`;
  }
  return null;
}

/** The paths given out so far, as a disk compares them that tells neither case nor normal forms. */
class Names {
  /** Folded path to the path itself and what it is. */
  readonly #taken = new Map<string, { path: string; folder: boolean }>();

  /** Takes the path and its parents; null, or why it cannot be had. */
  claim(parts: readonly string[], folder: boolean): string | null {
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const whole = parts.slice(0, depth).join("/");
      const last = depth === parts.length;
      const earlier = this.#taken.get(fold(whole));
      if (earlier === undefined) continue;
      if (earlier.path !== whole) {
        return `differs from ${earlier.path} only in case or Unicode normalisation`;
      }
      if (last && !folder) return `comes a second time`;
      if (!earlier.folder) return `${earlier.path} is a file`;
    }
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const whole = parts.slice(0, depth).join("/");
      this.#taken.set(fold(whole), { path: whole, folder: folder || depth < parts.length });
    }
    return null;
  }
}

/** NFD after case folding, and once more: lower case of some letters is not in normal form. */
function fold(text: string): string {
  return text.normalize("NFKD").toUpperCase().toLowerCase().normalize("NFKD");
}
