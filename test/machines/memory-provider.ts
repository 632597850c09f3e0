import { leaseOf } from "../../src/machines/names.ts";
import {
  type Machine,
  type Order,
  type Provider,
  ProviderError,
  type ProviderErrorKind,
  type Size,
  type Tags,
} from "../../src/machines/provider.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** A cloud of the tests' own that keeps to a provider's laws, and fails where it is told to. */
export interface MemoryCloud {
  /** The provider as a user of the account has it. */
  provider(user: string): Provider;
  /** What really is there, and costs, whatever the listing shows. */
  there(): readonly TrueMachine[];
  /** Puts a machine there that no provider of ours made. */
  seed(machine: { name: string; tags: Tags; owner: string; created?: number }): TrueMachine;
  /** The provider's clock: this machine's, an hour behind unless told otherwise. */
  now(): number;
  /** Powers it off, as its deadline does. */
  powerOff(name: string): void;
  /** Somebody removes it in the control panel. */
  vanish(name: string): void;
  /** Fails the `nth` call of this kind from now on, the next one being 1; or all, until `heal`. */
  fail(fault: Fault): void;
  heal(): void;
  readonly calls: Record<CallName, number>;
  /** Who removed which machines, in order. */
  readonly removals: readonly {
    readonly by: string;
    readonly machine: TrueMachine;
    readonly at: number;
  }[];
}

export type CallName = "now" | "account" | "check" | "create" | "list" | "remove";

export interface Fault {
  readonly call: CallName;
  readonly nth: number | "all";
  /** `after`: it does the work, and then fails. */
  readonly when: "before" | "after";
  readonly kind: ProviderErrorKind;
  /** For create: how many of the names are made all the same; default all or none by `when`. */
  readonly made?: number;
}

export interface TrueMachine {
  readonly id: string;
  readonly name: string;
  readonly tags: Tags;
  readonly owner: string;
  readonly created: number;
}

interface Entry extends TrueMachine {
  stopped: boolean;
  removed: number | null;
}

export interface CloudOptions {
  readonly clock: VirtualClock;
  /** Milliseconds of the provider's clock at the clock's 0. */
  readonly epoch?: number;
  readonly batch?: number;
  /** Milliseconds until a new machine is listed, has its address, and after a removal is not listed. */
  readonly lag?: { readonly listed?: number; readonly address?: number; readonly gone?: number };
  /** Machines that the account may have. */
  readonly limit?: number;
  readonly account?: string;
}

const PRICE = 0.06;

const SIZE: Size = {
  name: "c-2",
  cpus: 2,
  memory: 4 * 2 ** 30,
  disk: 25 * 10 ** 9,
  pricePerHour: PRICE,
  pricePerMonth: 40,
  regions: ["fra1", "nyc3"],
  available: true,
  description: "CPU-Optimized",
};

export function memoryCloud(options: CloudOptions): MemoryCloud {
  const { clock, batch = 10, limit = 100, account } = options;
  const epoch = options.epoch ?? Date.UTC(2026, 0, 1);
  const lag = { listed: 0, address: 20_000, gone: 5_000, ...options.lag };
  const entries: Entry[] = [];
  const calls: MemoryCloud["calls"] = {
    now: 0,
    account: 0,
    check: 0,
    create: 0,
    list: 0,
    remove: 0,
  };
  const removals: { by: string; machine: TrueMachine; at: number }[] = [];
  let faults: (Fault & { seen: number })[] = [];
  let made = 0;
  const now = () => epoch + clock.now();
  const there = () => entries.filter(({ removed }) => removed === null);
  const find = (name: string): Entry => {
    const found = there().find((entry) => entry.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  };

  const call = async <T>(name: CallName, signal: AbortSignal, work: (made?: number) => T) => {
    calls[name]++;
    await new Promise(setImmediate);
    signal.throwIfAborted();
    const met = faults.filter((fault) => fault.call === name);
    for (const fault of met) fault.seen++;
    const fault = met.find(({ nth, seen }) => nth === "all" || nth === seen);
    if (fault === undefined) return work();
    if (fault.when === "after" || fault.made !== undefined) work(fault.made);
    throw new ProviderError(fault.kind, `${name}: ${fault.kind}.\nTry again.`);
  };

  const shownOf = (entry: Entry): Machine => {
    const age = now() - entry.created;
    const hasAddress = age >= lag.address;
    const state = entry.stopped ? "stopped" : hasAddress ? "running" : "creating";
    const number = entries.indexOf(entry) + 1;
    return {
      provider: "digitalocean",
      id: entry.id,
      name: entry.name,
      size: SIZE.name,
      region: "fra1",
      state: entry.removed === null ? state : "removing",
      address: hasAddress ? `192.0.2.${number}` : null,
      privateAddress: hasAddress ? `10.0.0.${number}` : null,
      port: 22,
      created: entry.created,
      pricePerHour: PRICE,
      tags: entry.tags,
    };
  };

  const isListed = ({ created, removed }: Entry): boolean =>
    removed === null ? now() - created >= lag.listed : now() - removed < lag.gone;

  const add = (name: string, tags: Tags, owner: string, created: number): Entry => {
    const id = `${++made}`;
    const entry: Entry = { id, name, tags, owner, created, stopped: false, removed: null };
    entries.push(entry);
    return entry;
  };

  const create = (order: Order, owner: string, count: number): readonly Machine[] => {
    if (order.names.length > batch) throw new Error(`more than ${batch} names in a call`);
    const free = limit - there().length;
    if (order.names.length > free) {
      throw new ProviderError("limit", `the account may have ${limit} machines.\nRemove some.`);
    }
    return order.names.slice(0, count).map((name) => shownOf(add(name, order.tags, owner, now())));
  };

  return {
    there: () => there().map(({ stopped: _, removed: __, ...machine }) => machine),
    seed: ({ name, tags, owner, created = now() }) => add(name, tags, owner, created),
    now,
    powerOff: (name) => {
      find(name).stopped = true;
    },
    vanish: (name) => {
      find(name).removed = -Infinity;
    },
    fail: (fault) => {
      faults.push({ ...fault, seen: 0 });
    },
    heal: () => {
      faults = [];
    },
    calls,
    removals,
    provider: (user) => ({
      name: "digitalocean",
      billing: { minimumSeconds: 60, minimumCost: 0.01, currency: "USD", stoppedCosts: true },
      batch,
      now: async (signal) => await call("now", signal, now),
      sizes: async () => [SIZE],
      check: async ({ size, region }, signal) =>
        await call("check", signal, () => {
          if (size !== SIZE.name) {
            throw new ProviderError("invalid", `There is no size ${size}; the nearest is c-2.`);
          }
          return { size: SIZE, region: region ?? "fra1" };
        }),
      create: async (order, signal) =>
        await call("create", signal, (count = order.names.length) => create(order, user, count)),
      // By the mark: ours are those that have tags at all.
      list: async (signal) =>
        await call("list", signal, () =>
          entries.filter((one) => "lease" in one.tags && isListed(one)).map(shownOf),
        ),
      remove: async (ids, signal) =>
        await call("remove", signal, () => {
          for (const entry of there().filter(({ id }) => ids.includes(id))) {
            entry.removed = now();
            removals.push({ by: user, machine: entry, at: now() });
          }
        }),
      ...(account === undefined
        ? {}
        : { account: async (signal) => await call("account", signal, () => account) }),
      power: null,
      [Symbol.asyncDispose]: async () => {},
    }),
  };
}

/** Whether a machine's time is over by this clock. */
export function isOverdue(machine: TrueMachine, now: number): boolean {
  const lease = leaseOf(machine);
  return lease !== null && machine.created + lease.minutes * 60_000 <= now;
}
