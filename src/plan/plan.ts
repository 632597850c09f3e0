import { keyError } from "../sweep/errors.ts";
import type { Cursor, Sweep } from "../sweep/sweep.ts";
import { MAX_TEXTS } from "./duplicates.ts";
import { namer } from "./naming.ts";
import type { Point } from "./point.ts";

/** Above this many points a plan must be confirmed. */
const MAX_UNCONFIRMED = 1_000_000;

/** All points of a sweep, checked and named, made one by one and never held. */
export interface Plan {
  readonly sweep: Sweep;
  readonly count: number;
  /** Points `from` (inclusive, default 0) to `to` (exclusive, default `count`), ascending. */
  points(from?: number, to?: number): IterableIterator<Point>;
  /** The name of the point at which a cursor of the sweep's space stands. */
  name(cursor: Cursor): string;
}

/**
 * Checks what only the points show, and names them. `confirmed`: more than a million points are
 * meant. Throws SweepError: too many points, an unsafe name, a name that two points share.
 */
export function makePlan(sweep: Sweep, options: { readonly confirmed: boolean }): Plan {
  const { space } = sweep;
  const count = space.count;
  const key = "parameters" in sweep.places ? "parameters" : "include";
  if (count > MAX_UNCONFIRMED && !options.confirmed) {
    throw keyError(
      sweep,
      key,
      `the sweep has ${grouped(count)} points, more than ${grouped(MAX_UNCONFIRMED)}`,
      'if that is meant, say --yes; else shorten a parameter, or zip some as in combine: "(a, b) * c"',
    );
  }
  if (count > MAX_TEXTS) {
    throw keyError(
      sweep,
      key,
      `the sweep has ${grouped(count)} points, and a plan has at most ${grouped(MAX_TEXTS)}`,
      "split the sweep into several",
    );
  }
  const name = namer(sweep);
  return {
    sweep,
    count,
    name,
    *points(from, to) {
      const cursor = space.cursor(from, to);
      while (cursor.next()) {
        yield {
          index: cursor.index,
          name: name(cursor),
          parameters: cursor.parameters(),
          ordinal: cursor.ordinal,
        };
      }
    },
  };
}

/** 1000000 as 1,000,000. */
function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
