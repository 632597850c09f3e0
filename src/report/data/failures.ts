import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { relative, sep } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { RunFolder } from "../../results/folder.ts";
import { attemptLogs, size } from "../../results/logs.ts";
import { allFailures } from "../../results/status.ts";
import { addressOf } from "../address.ts";
import type { FailureData } from "../document.ts";
import { clean, cut } from "../markdown.ts";

/** Points that are listed, and of these the first with their logs. */
const LISTED = 1000;
const WITH_LOG = 100;
/** Bytes of a log's end. */
const LOG = 8 * 1024;

/** The first points that ended without success, with the ends of their logs. */
export function failureData(database: DatabaseSync, folder: RunFolder): FailureData[] {
  const failures: FailureData[] = [];
  for (const { index, name, status, reason } of allFailures(database)) {
    if (failures.length === LISTED) break;
    const attempts = attemptLogs(database, folder, index);
    const last = attempts.at(-1);
    const there = last !== undefined && size(last.path) !== null;
    const end = there && failures.length < WITH_LOG ? endOf(last.path, last.start, last.end) : null;
    failures.push({
      name,
      status,
      reason: reason === null ? null : cut(clean(reason), 1000),
      attempts: last?.attempt ?? 0,
      href: there ? addressOf(relative(folder.root, last.path).replaceAll(sep, "/")) : null,
      log: end?.text ?? null,
      cut: end?.cut ?? 0,
    });
  }
  return failures;
}

/** The last bytes of a part of a log, from the beginning of a line where there is one. */
function endOf(path: string, start: number, end: number | null): { text: string; cut: number } {
  const file = openSync(path, "r");
  try {
    const stop = Math.min(end ?? Number.POSITIVE_INFINITY, fstatSync(file).size);
    const from = Math.max(start, stop - LOG);
    const buffer = Buffer.alloc(Math.max(0, stop - from));
    const bytes = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, from));
    const skipped = from > start ? bytes.indexOf("\n") + 1 : 0;
    const text = bytes.toString("utf8", skipped);
    return { text: text.split(/\r?\n/).map(lastState).join("\n"), cut: from + skipped - start };
  } finally {
    closeSync(file);
  }
}

/** What a terminal shows of a line in the end: a progress bar goes back to its start. */
function lastState(line: string): string {
  return clean(line.split("\r").findLast((state) => state.trim() !== "") ?? "");
}
