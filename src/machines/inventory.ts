import { rentalCost } from "./cost.ts";
import { livenessOf } from "./holder.ts";
import { callName } from "./labels.ts";
import { type LeaseName, leaseOf } from "./names.ts";
import type { Billing, Machine, Provider, ProviderName } from "./provider.ts";
import { deadlineOf, type LeaseRecord, type RecordedMachine } from "./record.ts";
import type { DamagedRecord } from "./store.ts";

/**
 * - `kept`: made by `machines create` on this computer; `run`: rented for a run on it;
 * - `elsewhere`: ours by name and tags, of a lease that this computer has no record of;
 * - `foreign`: it only carries our tag.
 */
export type Whose = "kept" | "run" | "elsewhere" | "foreign";

/** A machine as far as its provider and this computer's records know it. */
export interface Listed {
  /** What people call it (labels.ts). */
  readonly name: string;
  readonly provider: ProviderName;
  /** Its name and id at the provider; the id is null where a create call got no answer. */
  readonly machine: string;
  readonly id: string | null;
  readonly lease: string | null;
  readonly whose: Whose;
  /** What it is for, in a few words. */
  readonly use: string;
  readonly size: string;
  readonly region: string;
  /** `gone`: its provider has it no more; `unknown`: that could not be asked. */
  readonly state: Machine["state"] | "gone" | "unknown";
  /** Powered off, and paid for as if it were on. */
  readonly stillCosts: boolean;
  readonly address: string | null;
  readonly privateAddress: string | null;
  readonly port: number | null;
  /** By the provider's clock, in milliseconds since 1970, as are `deadline` and `now`. */
  readonly created: number | null;
  readonly deadline: number | null;
  readonly now: number;
  readonly pricePerHour: number | null;
  /** So far; null where it is not known. */
  readonly cost: number | null;
  readonly currency: string | null;
}

/** What a provider says of its machines; null where it could not be asked. */
export interface Seen {
  readonly provider: ProviderName;
  readonly billing: Billing;
  readonly account: string | null;
  readonly now: number;
  readonly machines: readonly Machine[];
}

/**
 * Asks a provider for all machines with our tag.
 * @param records this computer's leases: whatever they are about must not be missed.
 * @throws ProviderError
 */
export async function look(
  provider: Provider,
  records: readonly LeaseRecord[],
  signal: AbortSignal,
): Promise<Seen> {
  const ids = records
    .filter((record) => record.provider === provider.name)
    .flatMap(({ machines }) => machines.filter(({ gone }) => gone === null).map(({ id }) => id));
  const account = (await provider.account?.(signal)) ?? null;
  const now = await provider.now(signal);
  const machines = await provider.list(signal, ids);
  return { provider: provider.name, billing: provider.billing, account, now, machines };
}

/**
 * The machines of one provider: those of this computer's leases, known or not to the provider, then
 * other computers', then those that are not ours.
 *
 * @param records this computer's leases with that provider.
 * @param now milliseconds since 1970, by this computer, where the provider was not asked.
 */
export function inventory(
  seen: Seen | null,
  records: readonly LeaseRecord[],
  damaged: readonly DamagedRecord[],
  now: number,
): readonly Listed[] {
  const mine = records.flatMap((record) => leased(record, seen, now));
  if (seen === null) return mine;
  const known = new Set(records.map(({ id }) => id));
  const unread = new Set(damaged.map(({ id }) => id));
  const rest = seen.machines.flatMap((machine): Listed[] => {
    const lease = leaseOf(machine);
    if (lease === null) return [foreign(machine, seen)];
    return known.has(lease.id) ? [] : [elsewhere(machine, lease, seen, unread.has(lease.id))];
  });
  const isForeign = (one: Listed) => one.whose === "foreign";
  return [...mine, ...rest.filter((one) => !isForeign(one)), ...rest.filter(isForeign)];
}

/** The machines of a lease of this computer, with what its provider says of them. */
function leased(record: LeaseRecord, asked: Seen | null, ours: number): Listed[] {
  // Another account's listing shows none of them, which says nothing.
  const seen = asked !== null && asked.account === record.account ? asked : null;
  const now = asked?.now ?? ours;
  const shown = seen?.machines.filter((machine) => leaseOf(machine)?.id === record.id) ?? [];
  const byId = new Map(shown.map((machine) => [machine.id, machine]));
  const recorded = record.machines.filter((one) => one.gone === null);
  const ids = new Set(recorded.map(({ id }) => id));
  const names = new Set([...record.machines, ...shown].map(({ name }) => name));
  const awaited = record.calls
    .filter(({ end }) => end === "open")
    .flatMap((call) => call.names.filter((name) => !names.has(name)));
  const own = {
    provider: record.provider,
    lease: record.id,
    whose: record.label === null ? ("run" as const) : ("kept" as const),
    use: useOf(record),
    now,
  };
  const there = [
    ...recorded.map((machine) => ({ machine, live: byId.get(machine.id) ?? null })),
    ...shown.filter(({ id }) => !ids.has(id)).map((machine) => ({ machine, live: machine })),
  ];
  return [
    ...there.map(({ machine, live }): Listed => {
      const state = stateOf(machine, live, seen !== null);
      return {
        ...own,
        ...described(live ?? machine),
        name: callName(record, machine),
        pricePerHour: live?.pricePerHour ?? machine.pricePerHour,
        address: live?.address ?? machine.address,
        state,
        deadline: deadlineOf(machine, record),
        ...charge({ ...machine, ...live }, state, seen),
      };
    }),
    ...awaited.map(
      (name): Listed => ({
        ...own,
        name: callName(record, { name }),
        machine: name,
        id: null,
        size: record.size,
        region: record.region,
        state: "unknown",
        stillCosts: false,
        address: null,
        privateAddress: null,
        port: null,
        created: null,
        deadline: null,
        pricePerHour: null,
        cost: null,
        currency: seen?.billing.currency ?? null,
      }),
    ),
  ];
}

function stateOf(
  machine: Machine | RecordedMachine,
  live: Machine | null,
  wasAsked: boolean,
): Listed["state"] {
  if (live !== null) return live.state;
  if (!wasAsked) return "unknown";
  // One that the provider has just said it made may not be listed yet.
  return "seen" in machine && !machine.seen ? "creating" : "gone";
}

function elsewhere(machine: Machine, lease: LeaseName, seen: Seen, unreadable: boolean): Listed {
  return {
    ...described(machine),
    provider: seen.provider,
    name: machine.name,
    lease: lease.id,
    whose: "elsewhere",
    use: unreadable
      ? `${lease.run}; its record cannot be read`
      : `${lease.run}, another computer's`,
    now: seen.now,
    pricePerHour: machine.pricePerHour,
    address: machine.address,
    state: machine.state,
    deadline: deadlineOf(machine, lease),
    ...charge(machine, machine.state, seen),
  };
}

function foreign(machine: Machine, seen: Seen): Listed {
  return {
    ...described(machine),
    provider: seen.provider,
    name: machine.name,
    lease: null,
    whose: "foreign",
    use: "not ours: it only has our tag",
    now: seen.now,
    pricePerHour: machine.pricePerHour,
    address: machine.address,
    state: machine.state,
    deadline: null,
    ...charge(machine, machine.state, seen),
  };
}

type Described = Pick<
  Listed,
  "machine" | "id" | "size" | "region" | "privateAddress" | "port" | "created"
>;

function described(machine: Machine | RecordedMachine): Described {
  const { name, id, size, region, privateAddress, port, created } = machine;
  return { machine: name, id, size, region, privateAddress, port, created };
}

function charge(
  machine: Pick<Machine, "created" | "pricePerHour">,
  state: Listed["state"],
  seen: Seen | null,
): Pick<Listed, "cost" | "currency" | "stillCosts"> {
  if (seen === null) return { cost: null, currency: null, stillCosts: false };
  const { billing, now } = seen;
  const off = state === "stopped";
  // Since when it costs less, or nothing, nobody has told.
  const isKnown = state !== "gone" && (!off || billing.stoppedCosts);
  return {
    cost: isKnown ? rentalCost({ ...machine, gone: null }, now, billing) : null,
    currency: billing.currency,
    stillCosts: off && billing.stoppedCosts && machine.pricePerHour !== 0,
  };
}

/** What a lease of this computer is for, in a few words. */
function useOf({ label, run, holder, state }: LeaseRecord): string {
  const what = label === null ? `run ${run}` : "kept";
  if (holder === null) {
    if (state === "ready") return label === null ? `${what}, which is over` : what;
    return `${what}; not given back yet`;
  }
  switch (livenessOf(holder)) {
    case "alive":
      return label === null
        ? `${what}, process ${holder.pid}`
        : `being made by process ${holder.pid}`;
    case "unknown":
      return `${what}, process ${holder.pid} on ${holder.host}`;
    case "dead":
      return `${what}, whose process died`;
  }
}
