import { ReportedError } from "../sweep/errors.ts";
import { backoff, realClock } from "./clock.ts";
import type { LeasedMachine } from "./lease-types.ts";
import { type Provider, ProviderError } from "./provider.ts";

/**
 * Waits, by `wait`, for machines that do not answer, as long as the provider still shows them as
 * running: one that was removed or powered off will never answer again.
 *
 * @throws ReportedError (3) where one is gone; what `wait` throws.
 */
export async function watchMachines(
  provider: Provider,
  machines: readonly LeasedMachine[],
  stop: AbortSignal,
  wait: (still: AbortSignal) => Promise<void>,
  clock = realClock,
): Promise<void> {
  const over = new AbortController();
  const still = AbortSignal.any([stop, over.signal]);
  const waiting = wait(still);
  const watching = watch(provider, machines, still, clock);
  try {
    await Promise.race([waiting, watching]);
  } finally {
    over.abort();
    await Promise.allSettled([waiting, watching]);
  }
}

/** Never resolves by itself. */
async function watch(
  provider: Provider,
  machines: readonly LeasedMachine[],
  still: AbortSignal,
  clock: typeof realClock,
): Promise<never> {
  const ids = machines.map(({ id }) => id);
  for (let tried = 1; ; tried++) {
    await clock.wait(backoff(tried), still);
    const shown = await provider.list(still, ids).catch((error: unknown) => {
      // While its API is away too, nobody knows more.
      if (error instanceof ProviderError && error.kind === "unavailable") return null;
      throw error;
    });
    if (shown === null) continue;
    for (const { id, name } of machines) {
      const machine = shown.find((one) => one.id === id);
      if (machine?.state === "running") continue;
      throw new ReportedError(
        3,
        `The machine ${name} ${machine === undefined ? "is gone" : `is ${machine.state}`}: its ` +
          `deadline came, or somebody removed it at ${provider.name}.\n` +
          "What finished is kept: the same command goes on with a new machine.",
      );
    }
  }
}
