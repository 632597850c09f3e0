import { backoff, type Clock } from "./clock.ts";
import type { LeaseEvent, UsedMachine } from "./lease-types.ts";
import type { Machine, Provider } from "./provider.ts";
import { firstLine, isUnavailable } from "./work.ts";

/** Milliseconds for an outage, and until what was removed is not listed any more. */
export const REMOVAL_PATIENCE = 10 * 60_000;

export interface Removing {
  readonly provider: Provider;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tell: (step: LeaseEvent["step"], machines: readonly string[], text: string) => void;
}

/** What is still listed after all patience, and when the last listing was. */
export interface Rest {
  readonly ids: ReadonlySet<string>;
  /** The provider's clock; null where nothing was to be removed, or no listing came about. */
  readonly now: number | null;
  readonly reason: string;
}

/**
 * Removes machines by their ids, until a listing shows none of them.
 * @param why follows their names in what is told: `over their deadline`.
 */
export async function removeListed(
  machines: readonly Machine[],
  why: string,
  { provider, clock, signal, tell }: Removing,
): Promise<Rest> {
  let ids: ReadonlySet<string> = new Set(machines.map(({ id }) => id));
  let now: number | null = null;
  let reason = "it is still listed";
  const began = clock.now();
  for (let tried = 1; ids.size > 0; tried++) {
    const names = machines.filter(({ id }) => ids.has(id)).map(({ name }) => name);
    tell("remove", names, `removing ${names.join(", ")}: ${why}`);
    try {
      await provider.remove([...ids], signal);
      const there = new Set((await provider.list(signal)).map(({ id }) => id));
      ids = new Set([...ids].filter((id) => there.has(id)));
      now = await provider.now(signal);
      if (ids.size === 0) break;
      reason = "it is still listed";
    } catch (error) {
      signal.throwIfAborted();
      reason = firstLine(error);
      if (!isUnavailable(error)) break;
    }
    if (clock.now() - began >= REMOVAL_PATIENCE) break;
    await clock.wait(backoff(tried), signal);
  }
  return { ids, now, reason };
}

/** What a machine that is gone was used for. */
export function usedUntil(machine: Machine, gone: number): UsedMachine {
  const { id, name, size, region, pricePerHour, created } = machine;
  return { id, name, size, region, pricePerHour, created, gone };
}

/** Tells of steps on machines whose lease is not in question. */
export function teller(
  onStep: ((event: LeaseEvent) => void) | undefined,
  clock: Clock,
): Removing["tell"] {
  const began = clock.now();
  return (step, machines, text) => {
    onStep?.({ step, lease: "", machines, seconds: (clock.now() - began) / 1000, text });
  };
}
