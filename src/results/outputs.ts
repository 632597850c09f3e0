import {
  chmodSync,
  closeSync,
  type Dirent,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
} from "node:fs";
import { dirname, join } from "node:path";
import { matchesGlob } from "node:path/posix";
import { setImmediate as nextTurn } from "node:timers/promises";
import { z } from "zod";
import { discard } from "./discard.ts";
import { hashFile, hashFileSync, openRegular } from "./hash.ts";

/** The outputs of a point, as run.db records them. */
export const MANIFEST = z.array(
  z.object({
    /** Relative to the output folder, with `/`. */
    path: z.string(),
    /** Bytes. */
    size: z.number(),
    /** Hex digits. */
    sha256: z.string(),
  }),
);
export type OutputFile = Readonly<z.infer<typeof MANIFEST>[number]>;

/** What a person should know about an entry of an output folder. */
export interface Finding {
  /** Relative to the output folder, with control characters escaped. */
  readonly path: string;
  readonly reason: string;
}

export interface Inspected {
  /** Every regular file, sorted by path. */
  readonly files: readonly OutputFile[];
  /**
   * What is no output and was removed, or where that was refused is said to be still there.
   * At most 20, then one that counts the rest.
   */
  readonly dropped: readonly Finding[];
  /** The globs that match no file. */
  readonly missing: readonly string[];
  /** Names that are the same on a disk that ignores case. At most 20, then one that counts. */
  readonly warnings: readonly Finding[];
}

/** Holes are read as zeros: without a limit, a file of no blocks could keep us busy for years. */
const MAX_HOLES = 64 * 1024 ** 3;
/** Characters of a folder's path inside the outputs: well below what a file system can open. */
const MAX_DEPTH = 2000;
const MAX_FINDINGS = 20;

/**
 * Takes stock of a finished task's output folder, in which a simulation may have put anything:
 * symbolic links, sockets, FIFOs and devices are removed and named, never followed or opened;
 * what we own gets the modes with which we can read, move and remove it; set-user-ID and
 * set-group-ID bits are cleared. Afterwards the folder exists.
 *
 * @param globs relative to the folder; `*` spares dot files, `**` crosses folders.
 */
export async function inspectOutputs(
  folder: string,
  globs: readonly string[],
  signal?: AbortSignal,
): Promise<Inspected> {
  const files: OutputFile[] = [];
  const remains: Remains = { folder, dropped: [], warnings: [], holes: 0 };
  let visited = 0;
  for (const path of regularFiles(remains)) {
    visited += 1;
    // A turn for timers and signals now and then.
    if (visited % 500 === 0) await nextTurn();
    signal?.throwIfAborted();
    const file = await takeFile(remains, path, signal);
    if (file !== null) files.push(file);
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    files,
    dropped: shortened(remains.dropped),
    missing: unmatched(globs, files),
    warnings: shortened(remains.warnings),
  };
}

/**
 * Removes from an output folder what is no output, as `inspectOutputs` does, and lists the regular
 * files that stay, by relative path. Node's own recursive listing would follow symbolic links.
 */
export function clearOutputs(folder: string): {
  readonly paths: readonly string[];
  readonly dropped: readonly Finding[];
} {
  const remains: Remains = { folder, dropped: [], warnings: [], holes: 0 };
  const paths = [...regularFiles(remains)];
  return { paths, dropped: shortened(remains.dropped) };
}

/** True when a file's path, relative to the output folder, is one that a declared output means. */
export function matchesOutput(path: string, glob: string): boolean {
  const relative = glob.startsWith("./") ? glob.slice(2) : glob;
  // A rendered value may hold brackets or braces: then the glob is the file's own name.
  return path === relative || matchesGlob(path, relative);
}

/**
 * Moves an output folder into its place by rename, so that at any moment `to` is whole (the old
 * one, then the new one) or absent. What was there is removed; until then it lies beside `from`
 * with the ending `.old`. Both are on one file system.
 *
 * @throws with the code ENOENT, and with `to` as it was, where `from` is absent: after a crash
 *   that means that it had been moved.
 */
export function placeOutputs(from: string, to: string): void {
  lstatSync(from);
  if (lstatSync(to, { throwIfNoEntry: false }) === undefined) {
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
    return;
  }
  const old = `${from}.old`;
  discard(old, dirname(from));
  renameSync(to, old);
  renameSync(from, to);
  discard(old, dirname(from));
}

/**
 * Compares the recorded outputs with what is there: that every file is there with its size, and
 * with `deep` its SHA-256. Gives the first difference for people, or null. Other files beside
 * them do not matter.
 */
export function verifyOutputs(
  folder: string,
  files: readonly OutputFile[],
  options: { readonly deep: boolean },
): string | null {
  for (const { path, size, sha256 } of files) {
    const stat = lstatSync(join(folder, path), { throwIfNoEntry: false });
    if (stat === undefined) return `${path} is gone`;
    if (!stat.isFile()) return `${path} is not a file any more`;
    if (stat.size !== size) return `${path} has ${stat.size} bytes instead of ${size}`;
    if (options.deep && contentHash(join(folder, path), size) !== sha256) {
      return `the content of ${path} has changed`;
    }
  }
  return null;
}

/** What an inspection has come upon so far. */
interface Remains {
  readonly folder: string;
  readonly dropped: Finding[];
  readonly warnings: Finding[];
  /** Bytes of holes in sparse files. */
  holes: number;
}

/** The relative paths of all regular files; whatever else there is goes on the way. */
function* regularFiles(remains: Remains): Generator<string> {
  restoreFolder(remains);
  const pending = [""];
  for (let parent = pending.pop(); parent !== undefined; parent = pending.pop()) {
    const entries = listFolder(remains, parent);
    warnOfCollisions(remains, parent, entries);
    for (const entry of entries) {
      const path = parent === "" ? entry.name : `${parent}/${entry.name}`;
      if (entry.isFile()) yield path;
      else if (!entry.isDirectory()) drop(remains, path, kindOf(entry));
      else if (path.length > MAX_DEPTH) drop(remains, path, "nested too deep");
      else pending.push(path);
    }
  }
}

/** Without a sandbox a simulation can replace the folder itself, by a link to anywhere. */
function restoreFolder(remains: Remains): void {
  const stat = lstatSync(remains.folder, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return;
  rmSync(remains.folder, { force: true });
  mkdirSync(remains.folder, { recursive: true });
  remains.dropped.push({
    path: ".",
    reason: stat === undefined ? "the output folder was removed" : `${kindOf(stat)} in its place`,
  });
}

function listFolder(remains: Remains, path: string): readonly Dirent[] {
  const absolute = `${remains.folder}/${path}`;
  try {
    const { mode } = lstatSync(absolute);
    if ((mode & 0o700) !== 0o700) chmodSync(absolute, (mode & 0o777) | 0o700);
    const entries = readdirSync(absolute, { withFileTypes: true });
    if (!entries.some(({ name }) => name.includes("\ufffd"))) return entries;
    dropForeignNames(remains, path);
    return readdirSync(absolute, { withFileTypes: true });
  } catch (error) {
    remains.dropped.push(finding(path === "" ? "." : path, `cannot be read: ${codeOf(error)}`));
    return [];
  }
}

/** Removes entries whose name is no UTF-8: no path, record or archive of ours could name them. */
function dropForeignNames(remains: Remains, parent: string): void {
  const absolute = Buffer.from(`${remains.folder}/${parent}/`);
  for (const name of readdirSync(absolute, { encoding: "buffer" })) {
    const text = name.toString();
    if (Buffer.from(text).equals(name)) continue;
    const path = parent === "" ? text : `${parent}/${text}`;
    drop(remains, path, "its name is not UTF-8", Buffer.concat([absolute, name]));
  }
}

function warnOfCollisions(remains: Remains, parent: string, entries: readonly Dirent[]): void {
  if (entries.length < 2) return;
  const seen = new Map<string, string>();
  for (const { name } of entries) {
    const folded = name.normalize("NFC").toLowerCase();
    const other = seen.get(folded);
    if (other === undefined) {
      seen.set(folded, name);
      continue;
    }
    const path = parent === "" ? name : `${parent}/${name}`;
    const reason = `is the same name as ${printable(other)} on a disk that ignores case`;
    remains.warnings.push(finding(path, reason));
  }
}

/** Records a regular file, or says why it is left out. */
async function takeFile(
  remains: Remains,
  path: string,
  signal: AbortSignal | undefined,
): Promise<OutputFile | null> {
  const absolute = `${remains.folder}/${path}`;
  let file: number;
  try {
    file = openOwn(absolute);
  } catch (error) {
    // It stays: who owns it can still read it.
    remains.dropped.push(finding(path, `cannot be read: ${codeOf(error)}`));
    return null;
  }
  try {
    const stat = fstatSync(file);
    if ((stat.mode & 0o6400) !== 0o400) {
      try {
        fchmodSync(file, (stat.mode & 0o1777) | 0o400);
      } catch {
        drop(remains, path, `mode ${(stat.mode & 0o7777).toString(8)} of another user`);
        return null;
      }
    }
    const holes = Math.max(0, stat.size - stat.blocks * 512);
    if (remains.holes + holes > MAX_HOLES) {
      drop(remains, path, `a sparse file of ${stat.size} bytes, of which most are holes`);
      return null;
    }
    remains.holes += holes;
    return { path, size: stat.size, sha256: await hashFile(file, stat.size, signal) };
  } finally {
    closeSync(file);
  }
}

function openOwn(path: string): number {
  try {
    return openRegular(path);
  } catch (error) {
    if (codeOf(error) !== "EACCES") throw error;
    chmodSync(path, (lstatSync(path).mode & 0o777) | 0o400);
    return openRegular(path);
  }
}

function drop(remains: Remains, path: string, reason: string, bytes?: Buffer): void {
  const absolute = `${remains.folder}/${path}`;
  const target = reason === LINK ? ` to ${JSON.stringify(readlinkSync(absolute))}` : "";
  try {
    rmSync(bytes ?? absolute, { recursive: true, force: true });
    remains.dropped.push(finding(path, reason + target));
  } catch (error) {
    remains.dropped.push(finding(path, `${reason}${target}, still there: ${codeOf(error)}`));
  }
}

const LINK = "a symbolic link";

function kindOf(entry: Dirent | Stats): string {
  if (entry.isSymbolicLink()) return LINK;
  if (entry.isFIFO()) return "a FIFO";
  if (entry.isSocket()) return "a socket";
  if (entry.isBlockDevice() || entry.isCharacterDevice()) return "a device";
  return entry.isFile() ? "a file" : "not a regular file";
}

function unmatched(globs: readonly string[], files: readonly OutputFile[]): string[] {
  return globs.filter((glob) => !files.some(({ path }) => matchesOutput(path, glob)));
}

function shortened(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= MAX_FINDINGS) return findings;
  const more = `and ${findings.length - MAX_FINDINGS} more like these`;
  return [...findings.slice(0, MAX_FINDINGS), { path: ".", reason: more }];
}

function finding(path: string, reason: string): Finding {
  return { path: printable(path), reason };
}

/** Control characters and direction marks could make a terminal show something else. */
function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}

function contentHash(path: string, size: number): string {
  const file = openRegular(path);
  try {
    return hashFileSync(file, size);
  } finally {
    closeSync(file);
  }
}
