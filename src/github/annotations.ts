import { error, warning } from "@actions/core";

/** GitHub shows ten errors and ten warnings of a step, and drops the others silently. */
const SHOWN = 10;
/** Characters; GitHub cuts a message at 64 KiB, and nobody reads more than this. */
const LONGEST = 2000;

export interface PointFailure {
  readonly name: string;
  /** As failed, timed-out, oom. */
  readonly status: string;
  readonly reason: string | null;
}

export interface MissingPoints {
  readonly shard: number;
  /** Names. */
  readonly points: readonly string[];
  readonly why: string;
}

/**
 * Says as annotations which points are missing, as errors, and which failed: as errors too, or as
 * warnings where failures do not fail the step. Ten of a level at most are written, and the last of
 * them counts those that are left out. `spent` errors of the step are written elsewhere, as the one
 * that fails it.
 *
 * What a simulation says cannot become a command of its own: the message is escaped.
 */
export function annotateFailures(
  failures: Iterable<PointFailure>,
  missing: Iterable<MissingPoints> = [],
  { level = "error", spent = 1 }: { level?: "error" | "warning"; spent?: number } = {},
): void {
  const errors: Note[] = [];
  for (const { shard, points, why } of missing) {
    const named = points.slice(0, SHOWN).join(", ");
    const more = points.length > SHOWN ? ` and ${points.length - SHOWN} more` : "";
    const what = points.length === 1 ? "1 point" : `${points.length} points`;
    errors.push({
      title: `Shard ${shard} lacks ${what}`,
      message: `${why}: ${named}${more}`,
    });
  }
  const failed: Note[] = [];
  let count = 0;
  for (const { name, status, reason } of failures) {
    count++;
    if (failed.length < SHOWN)
      failed.push({ title: `${name}: ${status}`, message: reason ?? status });
  }
  const room = Math.max(0, SHOWN - spent);
  if (level === "warning") {
    write(error, errors, errors.length, room, "shards with missing points");
    write(warning, failed, count, SHOWN, "failed points");
  } else {
    write(error, [...errors, ...failed], errors.length + count, room, "failed or missing");
  }
}

interface Note {
  readonly title: string;
  readonly message: string;
}

function write(
  print: typeof error,
  notes: readonly Note[],
  count: number,
  room: number,
  what: string,
): void {
  const shown = count <= room ? count : Math.max(0, room - 1);
  for (const { title, message } of notes.slice(0, shown)) {
    print(cut(message), { title: cut(title) });
  }
  if (count > shown && room > 0) {
    print(`All of them are in the job's summary and in the results.`, {
      title: `${count - shown} more ${what}`,
    });
  }
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
