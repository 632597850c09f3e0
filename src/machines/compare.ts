import { rentalCost } from "./cost.ts";
import { START_AND_END_SECONDS } from "./estimate.ts";
import type { Billing, Size } from "./provider.ts";

/** What an earlier run tells of how its points use processors. */
export interface Scaling {
  /** CPU seconds of a point, the mean. */
  readonly cpuSeconds: number;
  /** Its wall-clock seconds, the mean. */
  readonly seconds: number;
  /** The longest point's wall-clock seconds. */
  readonly longest: number;
  /** Processors that one point had for itself when it was measured, from 1. */
  readonly cores: number;
}

/** What a sweep needs of a machine. */
export interface Demand {
  readonly points: number;
  /** Processors and bytes that the sweep file gives a point; null: it does not say. */
  readonly cpus: number | null;
  readonly memory: number | null;
}

export interface SizeForecast {
  readonly size: Size;
  /** Points at once. */
  readonly workers: number;
  /** From the create call until the machine is gone. */
  readonly seconds: number;
  /** In the provider's currency. */
  readonly cost: number;
}

/**
 * The share of a point's work that more processors make faster, by Amdahl's law: `u` processors were
 * busy on average out of `n`, so u = 1 / ((1 - p) + p / n). 0 where a point had one for itself, or
 * kept no more than one busy: then more points at once are what a larger machine is good for.
 */
export function parallelShare({ cpuSeconds, seconds, cores }: Scaling): number {
  const busy = seconds > 0 ? cpuSeconds / seconds : 1;
  if (cores < 1.5 || busy <= 1.05) return 0;
  return Math.min(1, (1 - 1 / busy) / (1 - 1 / cores));
}

/** A point's wall-clock seconds where it has `cores` processors for itself. */
export function pointSeconds(scaling: Scaling, cores: number): number {
  const share = parallelShare(scaling);
  // What waits, for a disk or a licence, is not made faster by more processors.
  if (share === 0) return Math.max(scaling.cpuSeconds, scaling.seconds);
  return scaling.cpuSeconds * (1 - share + share / Math.max(1, cores));
}

/**
 * How long a sweep would take on each size that can be rented, and what it would cost; the cheapest
 * first. A model: every processor counts as being as fast as the one that was measured, and nothing
 * is said of disks and networks. Sizes without a price, or too small for a point, are left out.
 */
export function compareSizes(
  sizes: readonly Size[],
  demand: Demand,
  scaling: Scaling,
  billing: Billing,
): SizeForecast[] {
  return sizes
    .flatMap((size): SizeForecast[] => {
      const { pricePerHour, available, regions } = size;
      const workers = workersOn(size, demand);
      if (pricePerHour === null || !available || regions.length === 0 || workers === 0) return [];
      const seconds = START_AND_END_SECONDS + workSeconds(size, workers, demand, scaling);
      const rental = { pricePerHour, created: 0, gone: seconds * 1000 };
      return [{ size, workers, seconds, cost: rentalCost(rental, 0, billing) ?? 0 }];
    })
    .toSorted((a, b) => a.cost - b.cost || a.seconds - b.seconds);
}

/** Points at once, as the engine's `auto` has it. */
function workersOn({ cpus, memory }: Size, demand: Demand): number {
  const byCpu = Math.floor(cpus / (demand.cpus ?? 1));
  const byMemory = demand.memory === null ? byCpu : Math.floor(memory / demand.memory);
  return Math.min(byCpu, byMemory);
}

function workSeconds(size: Size, workers: number, demand: Demand, scaling: Scaling): number {
  if (demand.points === 0) return 0;
  const together = Math.min(workers, demand.points);
  const one = pointSeconds(scaling, size.cpus / together);
  const longest = (scaling.longest / scaling.seconds) * one;
  return Math.max((demand.points / together) * one, longest);
}

/** Those of which no other one is both faster and cheaper. */
export function worthwhile(forecasts: readonly SizeForecast[]): SizeForecast[] {
  let best = Number.POSITIVE_INFINITY;
  return forecasts.filter(({ seconds }) => {
    if (seconds >= best) return false;
    best = seconds;
    return true;
  });
}
