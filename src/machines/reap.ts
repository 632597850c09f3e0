import { type Clock, realClock } from "./clock.ts";
import { livenessOf } from "./holder.ts";
import type { LeaseEvent, Released, UsedMachine } from "./lease-types.ts";
import { leaseOf } from "./names.ts";
import type { Machine, Provider } from "./provider.ts";
import { deadlineOf, isAbandoned, type LeaseRecord } from "./record.ts";
import { REMOVAL_PATIENCE as PATIENCE, removeListed, teller, usedUntil } from "./remove.ts";
import { endAbandoned, type Unsettled } from "./settle.ts";
import type { DamagedRecord, Store } from "./store.ts";
import { patiently } from "./work.ts";

export interface ReapReport {
  /** The provider's clock, in milliseconds since 1970. */
  readonly now: number;
  /** Machines that are gone by this: confirmed by a listing. */
  readonly removed: readonly (UsedMachine & {
    readonly lease: string;
    readonly run: string;
    readonly why: "overdue" | "abandoned";
  })[];
  /** Leases of this store that ended. */
  readonly released: readonly Released[];
  /** Machines of leases that are not over, with why they stay. */
  readonly kept: readonly { readonly machine: Machine; readonly why: string }[];
  /** Machines with our tag that are not ours by their names: nobody but their owner removes them. */
  readonly foreign: readonly Machine[];
  /** Machines whose time is over and that are still listed after all patience. */
  readonly overdue: readonly { readonly machine: Machine; readonly reason: string }[];
  /** Leases of this store that nobody holds and that could not be ended. */
  readonly unsettled: readonly Unsettled[];
  readonly damaged: readonly DamagedRecord[];
}

/**
 * Removes what outlived its deadline, by the provider's clock alone, whoever rented it, and what
 * dead processes left, as far as the store of this computer knows. Machines of living leases, other
 * people's too, and those that only carry our tag stay as they are.
 *
 * @param options.store null on a computer that rents nothing, as a scheduled reaper's.
 * @throws ProviderError where it is refused, or is not answered for ten minutes.
 */
export async function reap(options: {
  readonly provider: Provider;
  readonly store: Store | null;
  readonly signal: AbortSignal;
  readonly onStep?: ((event: LeaseEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
}): Promise<ReapReport> {
  const { provider, store, signal, clock = realClock } = options;
  const tell = teller(options.onStep, clock);
  const asking = { clock, signal, tell };
  const now = await patiently(asking, PATIENCE, () => provider.now(signal));
  const shown = await patiently(asking, PATIENCE, () => provider.list(signal));
  const stored = store === null ? { records: [], damaged: [] } : await store.list();
  const records = stored.records.filter((record) => record.provider === provider.name);

  const released: Released[] = [];
  const removed: ReapReport["removed"][number][] = [];
  const unsettled: Unsettled[] = [];
  const ended = new Set<string>();
  for (const record of store === null ? [] : records) {
    const overdue = isOver(record, now);
    if (store === null || !(overdue || isAbandoned(record))) continue;
    const tools = { ...options, store, clock, overdue, patience: PATIENCE };
    const end = await endAbandoned(record, tools);
    if (end === null) continue;
    ended.add(record.id);
    if ("used" in end) {
      released.push(end);
      const why = overdue ? ("overdue" as const) : ("abandoned" as const);
      removed.push(...end.used.map((one) => ({ ...one, lease: end.lease, run: end.run, why })));
    } else unsettled.push(end);
  }

  const foreign = shown.filter((machine) => leaseOf(machine) === null);
  const others = shown.flatMap((machine) => {
    const lease = leaseOf(machine);
    return lease === null || ended.has(lease.id) ? [] : [{ machine, lease }];
  });
  const late = others.filter(({ machine, lease }) => deadlineOf(machine, lease) <= now);
  const kept = others.filter(({ machine, lease }) => deadlineOf(machine, lease) > now);
  const rest = await removeListed(
    late.map(({ machine }) => machine),
    "over their deadline",
    { provider, ...asking },
  );
  const gone = late.filter(({ machine }) => !rest.ids.has(machine.id));
  removed.push(
    ...gone.map(({ machine, lease }) => ({
      ...usedUntil(machine, rest.now ?? now),
      lease: lease.id,
      run: lease.run,
      why: "overdue" as const,
    })),
  );
  return {
    now,
    removed,
    released,
    kept: kept.map(({ machine, lease }) => {
      const record = records.find(({ id }) => id === lease.id);
      const deadline = new Date(deadlineOf(machine, lease)).toISOString();
      const isDamaged = stored.damaged.some(({ id }) => id === lease.id);
      return { machine, why: `${whyKept(record, isDamaged)}, until ${deadline}` };
    }),
    foreign,
    overdue: late
      .filter(({ machine }) => rest.ids.has(machine.id))
      .map(({ machine }) => ({ machine, reason: rest.reason })),
    unsettled,
    damaged: stored.damaged,
  };
}

/** Whether the time of all that a lease has, or may have, is over. */
function isOver(record: LeaseRecord, now: number): boolean {
  const began = [
    ...record.machines.filter(({ gone }) => gone === null).map(({ created }) => created),
    ...record.calls.filter(({ end }) => end === "open").map(({ called }) => called),
  ];
  return began.length > 0 && began.every((created) => deadlineOf({ created }, record) <= now);
}

function whyKept(record: LeaseRecord | undefined, isDamaged: boolean): string {
  if (isDamaged) return "its record cannot be read";
  if (record === undefined) return "another computer's lease";
  if (record.label !== null && record.holder === null) return `kept as ${record.label}`;
  if (record.holder === null) return "another process is ending its lease";
  const { pid, host } = record.holder;
  const alive = livenessOf(record.holder) === "unknown" ? "may be in use" : "in use";
  return `${alive} by process ${pid} on ${host}`;
}
