import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from "node:fs";

/** A file or folder in a tar file. */
export interface TarEntry {
  /** Relative, its steps joined by `/`; neither `.` nor `..` nor an empty step among them. */
  readonly path: string;
  readonly folder: boolean;
  /** Bytes. */
  readonly size: number;
  /** The permission bits. */
  readonly mode: number;
  /** Where in the tar file the content begins. */
  readonly offset: number;
}

/** The tar is broken or cut off, or holds what ours never do. The message reads on after its name. */
export class TarError extends Error {
  override readonly name = "TarError";
}

/** A tar file, read without a pause: for one of many small files a stream costs ten times as much. */
export interface TarFile extends Disposable {
  /**
   * The entries in their order, once: regular files and folders, each path once, none below a file.
   * Throws TarError at anything else: links, devices, other paths, a wrong checksum, an early end.
   */
  entries(): Generator<TarEntry, void, undefined>;
  /** The content of an entry of at most `limit` bytes. Throws TarError for a longer one. */
  read(entry: TarEntry, limit: number): Buffer;
  /**
   * Writes an entry's content to a new file; its folder must be there. Nothing is overwritten and no
   * link followed. Returns false where there is something already.
   */
  extract(entry: TarEntry, target: string): boolean;
}

const BLOCK = 512;
const WINDOW = 1024 * 1024;
/** A PAX header holds a path and little more. */
const MAX_PAX = 64 * 1024;
const MAX_PATH = 4096;

/** Opens a tar file (ustar or PAX, not compressed) that nobody has vouched for. */
export function openTar(file: string): TarFile {
  const input = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  const { size: length } = fstatSync(input);
  const window = Buffer.allocUnsafe(WINDOW);
  let start = 0;
  let filled = 0;

  /** Bytes of the file, valid until the next call; at most a window of them. */
  const bytes = (offset: number, count: number): Buffer => {
    if (offset + count > length) throw new TarError("is cut off");
    if (offset < start || offset + count > start + filled) {
      start = offset;
      filled = 0;
      while (filled < count) {
        const got = readSync(input, window, filled, WINDOW - filled, start + filled);
        if (got === 0) throw new TarError("is cut off");
        filled += got;
      }
    }
    return window.subarray(offset - start, offset - start + count);
  };

  return {
    *entries() {
      const paths = uniquePaths();
      let pax: Pax = {};
      for (let at = 0; ; ) {
        const header = bytes(at, BLOCK);
        if (header[0] === 0 && header.every((byte) => byte === 0)) return;
        const { name, size: plain, mode, type } = readHeader(header);
        const size = pax.size ?? plain;
        const offset = at + BLOCK;
        if (offset + size > length) throw new TarError("is cut off");
        at = offset + Math.ceil(size / BLOCK) * BLOCK;
        if (type === "x") {
          if (size > MAX_PAX) throw new TarError("has a header that is too long");
          pax = readPax(bytes(offset, size));
          continue;
        }
        const written = pax.path ?? name;
        pax = {};
        const folder = type === "5";
        if (!folder && type !== "0" && type !== "\0") {
          throw new TarError(`holds ${JSON.stringify(written)}, which is no regular file`);
        }
        const path = folder && written.endsWith("/") ? written.slice(0, -1) : written;
        if (!isSafe(path)) throw new TarError(`holds the path ${JSON.stringify(written)}`);
        paths.claim(path, folder);
        yield { path, folder, size: folder ? 0 : size, mode, offset };
      }
    },
    read(entry, limit) {
      if (entry.size > limit) {
        throw new TarError(`holds ${entry.path} of ${entry.size} bytes, more than ${limit}`);
      }
      const content = Buffer.allocUnsafe(entry.size);
      for (let at = 0; at < entry.size; at += WINDOW) {
        bytes(entry.offset + at, Math.min(WINDOW, entry.size - at)).copy(content, at);
      }
      return content;
    },
    extract(entry, target) {
      const { O_WRONLY, O_CREAT, O_EXCL } = constants;
      let output: number;
      try {
        output = openSync(target, O_WRONLY | O_CREAT | O_EXCL, (entry.mode & 0o777) | 0o600);
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
        throw error;
      }
      try {
        for (let at = 0; at < entry.size; at += WINDOW) {
          const piece = bytes(entry.offset + at, Math.min(WINDOW, entry.size - at));
          for (let done = 0; done < piece.length; ) {
            done += writeSync(output, piece, done, piece.length - done);
          }
        }
      } finally {
        closeSync(output);
      }
      return true;
    },
    [Symbol.dispose]: () => closeSync(input),
  };
}

interface Header {
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  readonly type: string;
}

/** https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, "ustar Interchange Format" */
function readHeader(header: Buffer): Header {
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += header[at] ?? 0;
  if (number(header, 148, 8) !== sum) throw new TarError("has a header with a wrong checksum");
  const prefix = text(header, 345, 155);
  const name = text(header, 0, 100);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    mode: number(header, 100, 8) & 0o777,
    size: number(header, 124, 12),
    type: String.fromCharCode(header[156] ?? 0),
  };
}

function text(header: Buffer, offset: number, length: number): string {
  const field = header.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? length : end).toString();
}

/** Octal digits; or, as GNU writes what is too long for them, a first bit and a binary number. */
function number(header: Buffer, offset: number, length: number): number {
  if (((header[offset] ?? 0) & 0x80) !== 0) {
    let value = (header[offset] ?? 0) & 0x7f;
    for (let at = offset + 1; at < offset + length; at++) value = value * 256 + (header[at] ?? 0);
    if (!Number.isSafeInteger(value)) throw new TarError("has a header with a number too large");
    return value;
  }
  const digits = text(header, offset, length).trim();
  if (!/^[0-7]*$/.test(digits)) throw new TarError("has a header with a wrong number");
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}

interface Pax {
  readonly path?: string;
  readonly size?: number;
}

/** Records of `length key=value\n`, their length in bytes and that of all of it. */
function readPax(content: Buffer): Pax {
  const found: { path?: string; size?: number } = {};
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const length = space === -1 ? Number.NaN : Number(content.toString("latin1", at, space));
    if (!Number.isSafeInteger(length) || length < 5 || at + length > content.length) {
      throw new TarError("has a broken PAX header");
    }
    const record = content.toString("utf8", space + 1, at + length - 1);
    const equals = record.indexOf("=");
    const value = record.slice(equals + 1);
    if (record.slice(0, equals) === "path") found.path = value;
    if (record.slice(0, equals) === "size") {
      found.size = Number(value);
      if (!Number.isSafeInteger(found.size) || found.size < 0) {
        throw new TarError("has a broken PAX header");
      }
    }
    at += length;
  }
  return found;
}

function isSafe(path: string): boolean {
  if (path.length > MAX_PATH || path.includes("\0")) return false;
  // Of Windows, where these would name another drive, folder or stream.
  if (process.platform === "win32" && /[\\:]/.test(path)) return false;
  return path.split("/").every((step) => step !== "" && step !== "." && step !== "..");
}

function uniquePaths() {
  const files = new Set<string>();
  const folders = new Set<string>();
  return {
    claim(path: string, folder: boolean): void {
      const taken = files.has(path) || (folders.has(path) && !folder);
      if (taken) throw new TarError(`holds ${JSON.stringify(path)} twice`);
      for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
        const parent = path.slice(0, at);
        if (folders.has(parent)) break;
        if (files.has(parent)) throw new TarError(`holds ${JSON.stringify(parent)} twice`);
        folders.add(parent);
      }
      (folder ? folders : files).add(path);
    },
  };
}
