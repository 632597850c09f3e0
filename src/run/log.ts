import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { isDiskFull } from "../results/folder.ts";
import { ReportedError } from "../sweep/errors.ts";
import { redactor } from "./redact.ts";

/** The log of one attempt. */
export interface Log {
  /** Takes a chunk, which nobody may change afterwards. Never throws. */
  write(chunk: Uint8Array): void;
  /** Bytes so far as the log shows them: secrets redacted, what the limit cuts included. */
  readonly bytes: number;
  /** Writes what is left. Rejects with a ReportedError (3) if the log could not be written. */
  close(): Promise<void>;
}

export interface LogOptions {
  /** Bytes to keep; beyond it the middle is cut and a line says how much. */
  readonly limit: number;
  /** Values that appear as `***`. */
  readonly secrets: readonly string[];
}

/** Buffered at most this long, so that another terminal can follow a running task. */
const FLUSH_MS = 500;

/** Buffered at most this much. */
const BUFFER_BYTES = 64 * 1024;

/** The end of a log that is too long is in memory until it closes. */
const TAIL_BYTES = 1024 * 1024;

/**
 * Opens a log. The file and its folder are made with the first bytes, so that a silent attempt
 * costs nothing and leaves no file; a file that was there is then replaced.
 *
 * Its writes are synchronous: most logs are one small write at the end, which costs a fraction of
 * what handing it to a thread does.
 */
export function openLog(path: string, { limit, secrets }: LogOptions): Log {
  const redact = redactor(secrets);
  const tail = tailBuffer(Math.min(Math.floor(limit / 2), TAIL_BYTES));
  const headLimit = limit - tail.capacity;
  let bytes = 0;
  let headBytes = 0;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let file: number | null = null;
  let failure: unknown = null;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (pendingBytes === 0 || failure !== null) return;
    try {
      file ??= create(path);
      writeAll(file, Buffer.concat(pending));
    } catch (error) {
      // Thrown here it would go through the engine that brings the chunk; `close` reports it.
      failure = error;
    }
    pending = [];
    pendingBytes = 0;
  };

  const append = (chunk: Uint8Array): void => {
    pending.push(chunk);
    pendingBytes += chunk.length;
    if (pendingBytes >= BUFFER_BYTES) flush();
    else timer ??= setTimeout(flush, FLUSH_MS);
  };

  const add = (chunk: Uint8Array): void => {
    if (chunk.length === 0) return;
    bytes += chunk.length;
    const room = headLimit - headBytes;
    if (room > 0) {
      const head = chunk.subarray(0, room);
      headBytes += head.length;
      append(head);
    }
    if (chunk.length > room) tail.add(chunk.subarray(Math.max(room, 0)));
  };

  return {
    write: (chunk) => add(redact === null ? chunk : redact.push(chunk)),
    get bytes() {
      return bytes;
    },
    close: async () => {
      if (redact !== null) add(redact.end());
      if (tail.dropped > 0) append(Buffer.from(cutMark(tail.dropped)));
      for (const part of tail.parts()) append(part);
      flush();
      if (file !== null) closeSync(file);
      if (failure !== null) throw unwritable(path, failure);
    },
  };
}

/** The line in place of what a log lost. */
function cutMark(dropped: number): string {
  return `\n[... ${dropped} bytes cut here: the log is longer than its limit ...]\n`;
}

function create(path: string): number {
  try {
    return openSync(path, "w");
  } catch {
    // Most likely its folder is missing; if something else is wrong the second try says so.
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, "w");
  }
}

function writeAll(file: number, data: Uint8Array): void {
  for (let written = 0; written < data.length; ) written += writeSync(file, data, written);
}

function unwritable(path: string, cause: unknown): ReportedError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const remedy = isDiskFull(cause)
    ? "The disk is full. Make room"
    : "Correct the folder's permissions";
  return new ReportedError(
    3,
    `Cannot write the log ${path}: ${reason}.\n` +
      `${remedy}, then run the same command again: what finished is kept.`,
    { cause },
  );
}

/** The last `capacity` bytes of what is added. */
function tailBuffer(capacity: number) {
  let ring: Buffer | null = null;
  let added = 0;
  return {
    capacity,
    /** Bytes that it no longer has. */
    get dropped() {
      return Math.max(0, added - capacity);
    },
    add(chunk: Uint8Array): void {
      // Only logs beyond their limit need it.
      ring ??= Buffer.alloc(capacity);
      added += chunk.length;
      const kept = chunk.subarray(Math.max(0, chunk.length - capacity));
      const at = (added - kept.length) % capacity;
      const fits = kept.subarray(0, capacity - at);
      ring.set(fits, at);
      ring.set(kept.subarray(fits.length), 0);
    },
    parts(): Uint8Array[] {
      if (ring === null) return [];
      if (added <= capacity) return [ring.subarray(0, added)];
      const start = added % capacity;
      return [ring.subarray(start), ring.subarray(0, start)];
    },
  };
}
