import { backoff, type Clock, realClock } from "./clock.ts";
import { LeaseError, type LeaseEvent, type LeaseTools, type Released } from "./lease-types.ts";
import { leaseOf } from "./names.ts";
import { type Machine, type Provider, ProviderError } from "./provider.ts";
import type { LeaseRecord } from "./record.ts";
import type { Store } from "./store.ts";

/** One process's work on one lease that it has locked. */
export interface LeaseWork {
  readonly provider: Provider;
  readonly store: Store;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tell: (step: LeaseEvent["step"], machines: readonly string[], text: string) => void;
  readonly onEnd: ((released: Released) => void) | undefined;
  /** The journal as it was last changed. */
  record(): LeaseRecord;
  /** Changes the journal; resolves once that is durable. Changes are written in their order. */
  change(change: (record: LeaseRecord) => LeaseRecord): Promise<void>;
}

/** Begins work on a lease whose record is in the store, and whose lock is held. */
export function workOn(record: LeaseRecord, tools: LeaseTools): LeaseWork {
  const { provider, store, signal, onStep, onEnd, clock = realClock } = tools;
  const began = clock.now();
  let current = record;
  let written: Promise<void> = Promise.resolve();
  return {
    provider,
    store,
    clock,
    signal,
    onEnd,
    tell: (step, machines, text) => {
      const seconds = (clock.now() - began) / 1000;
      onStep?.({ step, lease: record.id, machines, seconds, text });
    },
    record: () => current,
    change: async (change) => {
      const next = change(current);
      if (JSON.stringify(next) === JSON.stringify(current)) return await written;
      current = next;
      // What failed before is written with this one, and was thrown to whom it concerned.
      written = written.catch(() => {}).then(() => store.write(next));
      await written;
    },
  };
}

/** The same work under another signal: what has to be done although the first one aborted. */
export function regardless(work: LeaseWork): LeaseWork {
  return { ...work, signal: new AbortController().signal };
}

/** Whose machines the provider shows; null where it cannot tell. */
export async function accountOf(
  tools: Pick<LeaseTools, "provider" | "signal">,
): Promise<string | null> {
  return (await tools.provider.account?.(tools.signal)) ?? null;
}

/** The machines of a lease that the provider shows. */
export async function machinesOf(work: LeaseWork): Promise<readonly Machine[]> {
  const ids = work.record().machines.map(({ id }) => id);
  const shown = await work.provider.list(work.signal, ids);
  return shown.filter((machine) => leaseOf(machine)?.id === work.record().id);
}

/**
 * Tries until it is done, as long as the provider only does not answer.
 * @param patience milliseconds.
 * @throws ProviderError the last one where patience ends, and every other kind at once.
 */
export async function patiently<T>(
  work: Pick<LeaseWork, "clock" | "signal" | "tell">,
  patience: number,
  attempt: () => Promise<T>,
): Promise<T> {
  const began = work.clock.now();
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      work.signal.throwIfAborted();
      if (!isUnavailable(error) || work.clock.now() - began >= patience) throw error;
      work.tell("retry", [], `trying again: ${firstLine(error)}`);
      await work.clock.wait(backoff(tried), work.signal);
    }
  }
}

export function isUnavailable(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.kind === "unavailable";
}

export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0] ?? "";
}

/**
 * Resolves with a lease's lock, waiting for another process that works on it. Null where there is no
 * such lease (any more).
 * @param patience milliseconds.
 * @throws LeaseError where the other one does not end.
 */
export async function lockPatiently(
  tools: Pick<LeaseWork, "store" | "clock" | "signal">,
  id: string,
  patience: number,
): Promise<Disposable | null> {
  const began = tools.clock.now();
  for (let tried = 1; ; tried++) {
    const lock = tools.store.lock(id);
    if (lock !== null) return lock;
    if ((await tools.store.read(id)) === null) return null;
    if (tools.clock.now() - began >= patience) {
      throw new LeaseError(
        `Another sim-pipeline works on lease ${id} and does not end.\n` +
          "Wait for it, or end it and run `sim-pipeline machines reap`.",
        [],
      );
    }
    await tools.clock.wait(backoff(tried), tools.signal);
  }
}
