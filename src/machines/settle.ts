import { type Clock, realClock } from "./clock.ts";
import { LeaseError, type LeaseEvent, type Released } from "./lease-types.ts";
import type { Provider, ProviderName } from "./provider.ts";
import { isAbandoned, type LeaseRecord, openNames } from "./record.ts";
import { endLease } from "./release.ts";
import { type DamagedRecord, damagedText, type Store } from "./store.ts";
import { firstLine, workOn } from "./work.ts";

/** Milliseconds: a start does not wait long for what the next one can do as well. */
const PATIENCE = 2 * 60_000;

/** A lease that nobody holds and that could not be ended; it stays recorded. */
export interface Unsettled {
  readonly lease: string;
  readonly run: string;
  readonly provider: ProviderName;
  /** Names of machines that may still be there. */
  readonly machines: readonly string[];
  readonly reason: string;
}

export interface Settled {
  readonly released: readonly Released[];
  readonly unsettled: readonly Unsettled[];
  readonly damaged: readonly DamagedRecord[];
  /** What of it people have to know, each with what to do. */
  readonly problems: readonly string[];
}

/**
 * Ends the leases that dead processes left, each provider being opened only where there is such
 * a lease. What cannot be ended is told and is in nobody's way: it is not thrown.
 *
 * @param options.keepRun the run that is about to start, which takes over its own machines.
 */
export async function settleLeases(options: {
  readonly store: Store;
  readonly openProvider: (name: ProviderName) => Promise<Provider>;
  readonly signal: AbortSignal;
  readonly keepRun?: string | undefined;
  readonly onStep?: ((event: LeaseEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
}): Promise<Settled> {
  const { store, openProvider, signal, keepRun, onStep, clock = realClock } = options;
  const { records, damaged } = await store.list();
  const abandoned = records.filter((record) => record.run !== keepRun && isAbandoned(record));
  const released: Released[] = [];
  const unsettled: Unsettled[] = [];
  for (const name of new Set(abandoned.map(({ provider }) => provider))) {
    const leases = abandoned.filter(({ provider }) => provider === name);
    try {
      await using provider = await openProvider(name);
      for (const lease of leases) {
        const end = await endAbandoned(lease, { provider, store, signal, onStep, clock });
        if (end === null) continue;
        if ("used" in end) released.push(end);
        else unsettled.push(end);
      }
    } catch (error) {
      signal.throwIfAborted();
      const done = new Set([...released, ...unsettled].map(({ lease }) => lease));
      const rest = leases.filter(({ id }) => !done.has(id));
      unsettled.push(...rest.map((record) => unsettledLease(record, firstLine(error))));
    }
  }
  const problems = [
    ...unsettled.map(unsettledText),
    ...damaged.map(({ path, problem }) => damagedText(path, problem)),
  ];
  return { released, unsettled, damaged, problems };
}

/** What to do about a lease that could not be ended. */
export function unsettledText({ lease, provider, machines, reason }: Unsettled): string {
  const names = machines.length === 0 ? "its machines" : machines.join(", ");
  return (
    `Cannot give back ${names} of lease ${lease} (${provider}): ${reason}.\n` +
    "What is left costs money: run `sim-pipeline machines reap`, or look into the provider's " +
    "control panel."
  );
}

/**
 * Ends a lease that nobody holds; null where another process does so just now, or has taken it over.
 *
 * @param options.overdue ends it also where somebody holds it: its time is over.
 */
export async function endAbandoned(
  { id }: LeaseRecord,
  options: {
    readonly provider: Provider;
    readonly store: Store;
    readonly signal: AbortSignal;
    readonly onStep?: ((event: LeaseEvent) => void) | undefined;
    readonly clock: Clock;
    readonly overdue?: boolean;
    readonly patience?: number;
  },
): Promise<Released | Unsettled | null> {
  const { store, patience = PATIENCE } = options;
  using lock = store.lock(id);
  const record = lock === null ? null : await store.read(id);
  if (record === null || !(options.overdue === true || isAbandoned(record))) return null;
  try {
    return await endLease(workOn(record, options), { patience, unknown: 0 });
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof LeaseError)) throw error;
    return { ...unsettledLease(record, firstLine(error)), machines: error.left };
  }
}

function unsettledLease(record: LeaseRecord, reason: string): Unsettled {
  const { id, run, provider } = record;
  const there = record.machines.filter(({ gone }) => gone === null).map(({ name }) => name);
  const machines = [...there, ...openNames(record)];
  return { lease: id, run, provider, machines, reason };
}
