import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Isolation } from "../sweep/sweep.ts";
import type { Journal, JournalPoint, Protocol } from "./journal.ts";

/** The points of one task, and how they share it. */
export interface Work {
  readonly points: readonly JournalPoint[];
  readonly protocol: Protocol;
}

/** What is left to start, in the plan's order, read page by page so that memory stays flat. */
export interface Queue {
  next(): Work | null;
  /** A point that runs again: before anything new, and alone. */
  again(point: JournalPoint): void;
}

const PAGE = 1000;

/** Makes the queue of an execution from the points that the journal has to do. */
export function makeQueue(database: DatabaseSync, journal: Journal, isolation: Isolation): Queue {
  const repeated: JournalPoint[] = [];
  const chunks =
    isolation.kind === "batch" && isolation.range !== null
      ? rangeChunks(database, journal, isolation.range, isolation.size)
      : null;
  const protocol: Protocol =
    isolation.kind !== "batch" ? "single" : chunks === null ? "batch" : "range";
  const size = isolation.kind === "batch" ? isolation.size : 1;
  const fresh = pages(journal);
  return {
    next() {
      const point = repeated.shift();
      if (point !== undefined) return { points: [point], protocol };
      if (chunks !== null) {
        const points = chunks.next().value;
        return points === undefined ? null : { points, protocol };
      }
      const points = fresh.take(size);
      return points.length === 0 ? null : { points, protocol };
    },
    again(point) {
      repeated.push(point);
    },
  };
}

function pages(journal: Journal): { take(count: number): JournalPoint[] } {
  let page: JournalPoint[] = [];
  let position = 0;
  let above = -1;
  return {
    take(count) {
      const taken: JournalPoint[] = [];
      while (taken.length < count) {
        const point = page[position];
        if (point !== undefined) {
          taken.push(point);
          position++;
          continue;
        }
        page = journal.pending(above, PAGE);
        position = 0;
        if (page.length === 0) break;
        above = page.at(-1)?.index ?? above;
      }
      return taken;
    },
  };
}

/**
 * Chunks of points that follow one another in an integer parameter and are equal in all others.
 * Gaps (points already done, a step above 1) end a chunk, since a program that is given the first
 * and last value visits everything between them.
 */
function* rangeChunks(
  database: DatabaseSync,
  journal: Journal,
  parameter: string,
  size: number,
): Generator<JournalPoint[], undefined> {
  const path = `$.${JSON.stringify(parameter)}`;
  // Only indices are held while other statements write; the points are read when they are due.
  const rows = database
    .prepare(
      `SELECT idx, json_extract(parameters, ?1) AS value, json_remove(parameters, ?1) AS rest
       FROM points WHERE todo = 1 ORDER BY rest, ordinal, value`,
    )
    .all(path);
  const ROW = z.object({ idx: z.number(), value: z.number(), rest: z.string() });
  let chunk: number[] = [];
  let last: z.infer<typeof ROW> | null = null;
  const read = (indices: readonly number[]) =>
    indices.flatMap((index) => journal.pending(index - 1, 1));
  for (const raw of rows) {
    const row = ROW.parse(raw);
    const follows = last !== null && row.rest === last.rest && row.value === last.value + 1;
    if (chunk.length > 0 && (!follows || chunk.length === size)) {
      yield read(chunk);
      chunk = [];
    }
    chunk.push(row.idx);
    last = row;
  }
  if (chunk.length > 0) yield read(chunk);
  return undefined;
}
