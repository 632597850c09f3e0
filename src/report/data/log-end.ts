import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { clean } from "../markdown.ts";

const LOG = 8 * 1024;

/**
 * The end of a part of a log, 8 KiB at most, from the beginning of a line where there is one, and
 * how many bytes of the part are before it.
 */
export function logEnd(
  path: string,
  start = 0,
  end: number | null = null,
): { readonly text: string; readonly cut: number } {
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
