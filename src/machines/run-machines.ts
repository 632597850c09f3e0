import { type Clock, realClock } from "./clock.ts";
import type { LeaseEvent, UsedMachine } from "./lease-types.ts";
import { leaseOf } from "./names.ts";
import type { Machine, Provider } from "./provider.ts";
import { REMOVAL_PATIENCE, removeListed, teller, usedUntil } from "./remove.ts";
import { patiently } from "./work.ts";

export interface RemovedRun {
  /** Machines that are gone by this: confirmed by a listing. */
  readonly removed: readonly UsedMachine[];
  /** Machines that are still listed after all patience, with why. */
  readonly left: readonly { readonly machine: Machine; readonly reason: string }[];
}

/**
 * Removes the machines of a run, whichever process or computer rented them, by their tags alone:
 * no store is needed. Machines that only look like it by one of name and tags are left alone.
 *
 * @param options.attempts which of the run's attempts; all by default.
 * @throws ProviderError where it is refused, or is not answered for ten minutes.
 */
export async function removeRun(options: {
  readonly provider: Provider;
  readonly run: string;
  readonly attempts?: ((attempt: number) => boolean) | undefined;
  readonly signal: AbortSignal;
  readonly onStep?: ((event: LeaseEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
}): Promise<RemovedRun> {
  const { provider, run, attempts = () => true, signal, clock = realClock } = options;
  const tell = teller(options.onStep, clock);
  const asking = { clock, signal, tell };
  const now = await patiently(asking, REMOVAL_PATIENCE, () => provider.now(signal));
  const shown = await patiently(asking, REMOVAL_PATIENCE, () => provider.list(signal));
  const ours = shown.filter((machine) => {
    const lease = leaseOf(machine);
    return lease !== null && lease.run === run && attempts(lease.attempt);
  });
  const rest = await removeListed(ours, "their work is over", { provider, ...asking });
  const gone = ours.filter(({ id }) => !rest.ids.has(id));
  return {
    removed: gone.map((machine) => usedUntil(machine, rest.now ?? now)),
    left: ours
      .filter(({ id }) => rest.ids.has(id))
      .map((machine) => ({ machine, reason: rest.reason })),
  };
}
