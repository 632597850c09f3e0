import { rentalCost } from "./cost.ts";
import type { Billing, Offer } from "./provider.ts";

/** What an earlier run of a sweep tells about its points. */
export interface Measured {
  /** Points that were measured. */
  readonly points: number;
  /**
   * Seconds for which a point keeps one processor from others, the mean: its CPU seconds, or its
   * wall-clock seconds where it waits for something else.
   */
  readonly cpuSeconds: number;
  /** The longest point's seconds: no machine is faster than that. */
  readonly longest: number;
}

export interface Estimate {
  /** Wall-clock seconds for which machines are rented. */
  readonly seconds: number;
  /** In the provider's currency; null where it tells no price. */
  readonly cost: number | null;
  /** `measured`: from an earlier run; `deadline`: the most that it can be. */
  readonly basis: "measured" | "deadline";
}

/** From the create call until the first point runs, and from the last one until it is gone. */
export const START_AND_END_SECONDS = 120;

/** What renting will come to: from an earlier run where there is one, else up to the deadline. */
export function estimateRun(run: {
  /** Points that are still to run. */
  readonly points: number;
  readonly earlier: Measured | null;
  readonly offer: Offer;
  readonly count: number;
  readonly minutes: number;
  readonly billing: Billing;
}): Estimate {
  const { points, earlier, offer, count, minutes, billing } = run;
  const limit = minutes * 60;
  const needed = earlier === null ? limit : measuredSeconds(points, earlier, offer, count);
  const seconds = Math.min(limit, needed);
  const rental = { pricePerHour: offer.size.pricePerHour, created: 0, gone: seconds * 1000 };
  const one = rentalCost(rental, 0, billing);
  return {
    seconds,
    cost: one === null ? null : one * count,
    basis: earlier === null ? "deadline" : "measured",
  };
}

function measuredSeconds(points: number, earlier: Measured, { size }: Offer, count: number) {
  if (points === 0) return 0;
  const shared = (points * earlier.cpuSeconds) / (size.cpus * count);
  return START_AND_END_SECONDS + Math.max(shared, earlier.longest);
}
