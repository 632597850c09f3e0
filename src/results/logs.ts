import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { STATUSES, type Status } from "../sweep/sweep.ts";
import type { RunFolder } from "./folder.ts";

/** One attempt of a point, and which part of which log is its own. */
export interface AttemptLog {
  /** From 1. */
  readonly attempt: number;
  readonly status: Status;
  /** Absolute path; the file is absent while the attempt has printed nothing. */
  readonly path: string;
  /** Bytes: where the point's part of a batch's shared log begins. */
  readonly start: number;
  /** Where it ends; null: with the file. */
  readonly end: number | null;
}

const ATTEMPT = z.object({
  attempt: z.number(),
  status: z.enum([...STATUSES, "placing"]),
  folder: z.string(),
  file: z.number(),
  start: z.number(),
  end: z.number().nullable(),
  last: z.number().nullable(),
});

/** The attempts of the point at `index`, ascending. */
export function attemptLogs(
  database: DatabaseSync,
  folder: RunFolder,
  index: number,
): AttemptLog[] {
  // A batch has one log, under the name of its first point, whose logs move when it is renamed.
  const rows = database.prepare(`
    SELECT own.attempt, own.status, first.attempt AS file, own.log_offset AS end,
      coalesce('logs/' || holder.name, kept.logs, 'logs/' || first.name) AS folder,
      (SELECT coalesce(max(log_offset), 0) FROM attempts
        WHERE task = own.task AND (own.log_offset IS NULL OR log_offset < own.log_offset)) AS start,
      (SELECT max(log_offset) FROM attempts WHERE task = own.task) AS last
    FROM points JOIN attempts AS own ON own.key = points.key
    JOIN attempts AS first
      ON first.id = (SELECT min(id) FROM attempts WHERE task = own.task)
    LEFT JOIN points AS holder ON holder.key = first.key
    LEFT JOIN kept ON kept.key = first.key
    WHERE points.idx = ? ORDER BY own.id`);
  const attempts = rows.all(index).map((row) => {
    const { attempt, status, folder: logs, file, start, end, last } = ATTEMPT.parse(row);
    const path = join(folder.root, logs, `${file}.txt`);
    // Offsets count what the limit cut out of a log, so in such a log they mean nothing.
    const cut = last !== null && last > (size(path) ?? 0);
    return {
      attempt,
      status: status === "placing" ? "running" : status,
      path,
      start: cut ? 0 : start,
      end: cut ? null : end,
    };
  });
  return attempts.length > 0 ? attempts : copiedLogs(database, folder, index);
}

const COPIED = z.object({ name: z.string(), status: z.enum(STATUSES) });

/** A result that was taken over with `--reuse` has logs, but its attempts are in the other run. */
function copiedLogs(database: DatabaseSync, folder: RunFolder, index: number): AttemptLog[] {
  const row = database.prepare("SELECT name, status FROM points WHERE idx = ?").get(index);
  if (row === undefined) return [];
  const { name, status } = COPIED.parse(row);
  const logs = join(folder.logs, name);
  return (existsSync(logs) ? readdirSync(logs) : [])
    .flatMap((file) => {
      const number = /^(\d+)\.txt$/.exec(file)?.[1];
      if (number === undefined) return [];
      const attempt = Number(number);
      return [{ attempt, status, path: join(logs, file), start: 0, end: null }];
    })
    .toSorted((a, b) => a.attempt - b.attempt);
}

/** Absolute path of the log of a point's last attempt; null where there is none. */
export function lastLogOf(database: DatabaseSync, folder: RunFolder, index: number): string | null {
  const path = attemptLogs(database, folder, index).at(-1)?.path ?? null;
  return path !== null && size(path) !== null ? path : null;
}

/** Bytes of a file; null where there is none. */
export function size(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null;
}

const CHUNK = 64 * 1024;
const NEWLINE = 10;

/** A last line without an end is read back this far at most. */
const MAX_LINES_BYTES = 1024 * 1024;

/**
 * Where the last `lines` lines of a part of a file begin, in bytes. Reads from the end, so that
 * it costs the same for a log of any size; lines beyond 1 MiB count as cut there.
 */
export function tailStart(path: string, lines: number, start = 0, end?: number): number {
  const file = openSync(path, "r");
  try {
    const stop = end ?? fstatSync(file).size;
    if (lines === 0) return stop;
    const least = Math.max(start, stop - MAX_LINES_BYTES);
    const buffer = Buffer.allocUnsafe(CHUNK);
    let missing = lines;
    for (let at = stop; at > least; ) {
      const from = Math.max(least, at - CHUNK);
      const length = readSync(file, buffer, 0, at - from, from);
      for (let i = length - 1; i >= 0; i--) {
        // The newline at the very end ends the last line and begins none.
        if (buffer[i] !== NEWLINE || from + i === stop - 1) continue;
        missing--;
        if (missing <= 0) return from + i + 1;
      }
      at = from;
    }
    return least;
  } finally {
    closeSync(file);
  }
}

/** The last lines of a text file, without their ends. */
export function tail(path: string, lines: number): string[] {
  const from = tailStart(path, lines);
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(fstatSync(file).size - from);
    const length = readSync(file, buffer, 0, buffer.length, from);
    if (length === 0) return [];
    const text = buffer.toString("utf8", 0, length);
    return text.replace(/\r?\n$/, "").split(/\r?\n/);
  } finally {
    closeSync(file);
  }
}
