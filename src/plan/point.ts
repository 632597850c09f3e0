import type { Parameters } from "../sweep/sweep.ts";

/** One combination of parameter values with its place and name. */
export interface Point {
  /** From 0, in the sweep's order. */
  readonly index: number;
  /** A safe file name of at most 120 bytes, unique in the plan. */
  readonly name: string;
  readonly parameters: Parameters;
  /** How many earlier points have equal parameters. */
  readonly ordinal: number;
}
