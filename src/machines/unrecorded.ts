import { ReportedError } from "../sweep/errors.ts";
import { type Clock, realClock } from "./clock.ts";
import { LeaseError, type LeaseEvent, type UsedMachine } from "./lease-types.ts";
import { leaseOf } from "./names.ts";
import type { Provider } from "./provider.ts";
import { removeListed, teller, usedUntil } from "./remove.ts";

/** Whether a name is one that sim-pipeline gives to machines; those of people look otherwise. */
export function isMachineName(name: string): boolean {
  return /^sim-[a-z2-7]{10}-\d+$/.test(name);
}

/**
 * Removes a machine of ours that no lease of this computer is about, by the name that its provider
 * shows. Null where there is none.
 *
 * @throws ReportedError (2) for one that is not ours, or without `force`; LeaseError where it is still
 *   listed after all patience; ProviderError.
 */
export async function removeUnrecorded(options: {
  readonly provider: Provider;
  readonly name: string;
  readonly force: boolean;
  readonly signal: AbortSignal;
  readonly onStep?: ((event: LeaseEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
}): Promise<UsedMachine | null> {
  const { provider, name, force, signal, onStep, clock = realClock } = options;
  const named = (await provider.list(signal)).filter((machine) => machine.name === name);
  const [machine] = named;
  if (machine === undefined) return null;
  const lease = leaseOf(machine);
  if (lease === null || named.length > 1) {
    throw new ReportedError(
      2,
      `${name} at ${provider.name} only carries our tag: sim-pipeline did not make it and does not ` +
        "remove it.\nUse the provider's control panel if you know whose it is.",
    );
  }
  if (!force) {
    throw new ReportedError(
      2,
      `${name} at ${provider.name} was rented by another computer, or with another ` +
        `SIM_PIPELINE_STATE, for ${lease.run}; it may be in use.\nAdd --force to remove it.`,
    );
  }
  const tell = teller(onStep, clock);
  const rest = await removeListed([machine], "it is not needed any more", {
    provider,
    clock,
    signal,
    tell,
  });
  if (rest.ids.size > 0) {
    throw new LeaseError(
      `Not confirmed that ${name} is gone: ${rest.reason}.\n` +
        "It costs money: try again, or look into the provider's control panel.",
      [name],
    );
  }
  return usedUntil(machine, rest.now ?? (await provider.now(signal)));
}
