import { error } from "@actions/core";

/** GitHub shows ten errors of a step, and drops the others silently; the step's own is one. */
const SHOWN = 9;
/** Points of a shard that are named. */
const NAMED = 10;
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
 * Says as annotations which points are missing and which failed: nine at most, since the tenth is
 * the error that fails the step. The last of them counts those that are left out.
 *
 * What a simulation says cannot become a command of its own: the message is escaped.
 *
 * @param failed how many points failed, where `failures` are only the first of them.
 */
export function annotateFailures(
  failures: readonly PointFailure[],
  missing: readonly MissingPoints[] = [],
  failed: number = failures.length,
): void {
  const count = missing.length + failed;
  const room = count <= SHOWN ? count : SHOWN - 1;
  const shards = missing.slice(0, room);
  const points = failures.slice(0, room - shards.length);
  const notes = [...shards.map(missingNote), ...points.map(failedNote)];
  for (const { title, message } of notes) error(cut(message), { title: cut(title) });
  const lost = missing.slice(room).reduce((sum, shard) => sum + shard.points.length, 0);
  const left = lost + failed - points.length;
  if (left > 0) {
    const which = left === 1 ? "1 more point" : `${left} more points`;
    error("All of them are in the results, and the first in the job's summary.", {
      title: `${which} failed or missing`,
    });
  }
}

interface Note {
  readonly title: string;
  readonly message: string;
}

function missingNote({ shard, points, why }: MissingPoints): Note {
  const named = points.slice(0, NAMED).join(", ");
  const more = points.length > NAMED ? ` and ${points.length - NAMED} more` : "";
  const what = points.length === 1 ? "1 point" : `${points.length} points`;
  return { title: `Shard ${shard} lacks ${what}`, message: `${why}: ${named}${more}` };
}

function failedNote({ name, status, reason }: PointFailure): Note {
  return { title: `${name}: ${status}`, message: reason ?? status };
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
