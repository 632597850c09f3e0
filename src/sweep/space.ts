import type { Axis } from "./axis.ts";
import type { Combination } from "./combination.ts";
import type { Parameters, Space } from "./sweep.ts";

export interface SpaceOptions {
  /** In file order, which is the order of the points' parameters; a table at its place. */
  readonly axes: readonly Axis[];
  /** Null: all multiplied in file order, the first slowest. */
  readonly combination: Combination | null;
  readonly exclude: readonly Parameters[];
  readonly include: readonly Parameters[];
}

/**
 * Axes that do not make a space. `place` says where to look: `axis` and its index in `axes`,
 * `combine` and an offset in the expression, `exclude` or `include` with the entry's index and,
 * where one key is at fault, that key. Null: the whole.
 */
export class SpaceError extends Error {
  override readonly name = "SpaceError";
  readonly place:
    | { readonly part: "axis"; readonly index: number }
    | { readonly part: "combine"; readonly offset: number }
    | {
        readonly part: "exclude" | "include";
        readonly index: number;
        readonly key: string | null;
      }
    | null;
  readonly hint: string | null;

  constructor(message: string, place: SpaceError["place"], hint: string | null = null) {
    super(message);
    this.place = place;
    this.hint = hint;
  }
}

/**
 * The points of a sweep: combine, then exclude, then include, by GitHub's documented rules for a
 * matrix (https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations)
 * with typed equality. Throws SpaceError, also for an empty space (place null).
 */
export function space(_options: SpaceOptions): Space {
  throw new SpaceError("not there yet", null);
}
