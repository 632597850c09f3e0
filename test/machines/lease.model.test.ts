import fc from "fast-check";
import { expect, test } from "vitest";
import { acquireLease } from "../../src/machines/lease.ts";
import type { Lease } from "../../src/machines/lease-types.ts";
import { leaseOf, leaseTags } from "../../src/machines/names.ts";
import type { Provider } from "../../src/machines/provider.ts";
import { reap } from "../../src/machines/reap.ts";
import { settleLeases } from "../../src/machines/settle.ts";
import type { Store } from "../../src/machines/store.ts";
import { MINUTE, never } from "./fixtures.ts";
import { type Fault, isOverdue, type MemoryCloud, memoryCloud } from "./memory-provider.ts";
import { memoryReach } from "./memory-reach.ts";
import { type MemoryStore, memoryStore } from "./memory-store.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

const USERS = ["anna", "ben"] as const;
type User = (typeof USERS)[number];

const number = (min: number, max: number) => fc.integer({ min, max });
const user = fc.constantFrom(...USERS);
/** After how many steps the process is killed; most live. */
const death = fc.option(number(0, 60), { freq: 2 });

const action = fc.oneof(
  fc.record({
    do: fc.constant("acquire" as const),
    user,
    run: fc.constantFrom("run2", "run3"),
    count: number(1, 4),
    atLeast: number(1, 4),
    minutes: number(1, 60),
    broken: fc.subarray([0, 1, 2, 3]),
    death,
  }),
  fc.record({ do: fc.constant("release" as const), user, death }),
  fc.record({ do: fc.constant("kill" as const), user }),
  fc.record({ do: fc.constant("settle" as const), user, death }),
  fc.record({ do: fc.constant("reap" as const), user, death }),
  fc.record({ do: fc.constant("advance" as const), minutes: number(1, 40) }),
  fc.record({ do: fc.constant("lose" as const), index: number(0, 9) }),
  fc.record({ do: fc.constant("heal" as const) }),
  fc.record({
    do: fc.constant("fail" as const),
    call: fc.constantFrom("now", "create", "list", "remove"),
    nth: number(1, 6),
    when: fc.constantFrom("before", "after"),
    kind: fc.constant("unavailable"),
  } satisfies { [K in keyof Omit<Fault, "made"> | "do"]: fc.Arbitrary<unknown> }),
);
type Action = Readonly<typeof action extends fc.Arbitrary<infer T> ? T : never>;

class Killed extends Error {}

/** A process of a user's: everything that it does to the outside ends at its death. */
interface Process {
  readonly provider: Provider;
  readonly store: Store;
  leases: Lease[];
}

interface Everything {
  readonly clock: VirtualClock;
  readonly cloud: MemoryCloud;
  readonly stores: Readonly<Record<User, MemoryStore>>;
  readonly processes: Record<User, Process | null>;
}

const batch = 2;

function begin(): Everything {
  const clock = virtualClock();
  const lag = { listed: 30_000, address: 40_000, gone: 20_000 };
  const cloud = memoryCloud({ clock, batch, limit: 9, lag });
  const lease = { id: "stranger22", run: "other", attempt: 1, minutes: 1 };
  cloud.seed({ name: "database", tags: leaseTags(lease), owner: "stranger", created: 0 });
  cloud.seed({ name: "sim-stranger22-0", tags: {}, owner: "stranger", created: 0 });
  return {
    clock,
    cloud,
    stores: { anna: memoryStore(), ben: memoryStore() },
    processes: { anna: null, ben: null },
  };
}

/** The process of a user, or a new one, that dies after so many steps, each one call to the outside. */
function processOf(all: Everything, who: User, death: number | null): Process {
  const store = all.stores[who];
  let left = death ?? Number.POSITIVE_INFINITY;
  const step = (): void => {
    if (--left < 0) throw new Killed();
  };
  const stepping = <T extends object>(what: T): T =>
    new Proxy(what, {
      get: (target, key): unknown => {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== "function" || typeof key === "symbol") return value;
        return (...words: unknown[]): unknown => {
          step();
          const result: unknown = Reflect.apply(value, target, words);
          if (!(result instanceof Promise)) return result;
          // Also between a call's work and what would be done next.
          return result.finally(step);
        };
      },
    });
  const known = all.processes[who];
  const made = {
    provider: stepping(all.cloud.provider(who)),
    store: stepping(store.open()),
    leases: known?.leases ?? [],
  };
  all.processes[who] = made;
  return made;
}

function kill(all: Everything, who: User): void {
  all.stores[who].killAll();
  all.processes[who] = null;
}

async function perform(all: Everything, what: Action): Promise<void> {
  const { clock, cloud } = all;
  if (what.do === "advance") return clock.advance(what.minutes * MINUTE);
  if (what.do === "heal") return cloud.heal();
  if (what.do === "fail") {
    const { call, nth, when, kind } = what;
    return cloud.fail({ call, nth, when, kind } as Fault);
  }
  if (what.do === "lose") {
    const ours = cloud.there().filter(({ owner }) => owner !== "stranger");
    const lost = ours[what.index];
    return lost === undefined ? undefined : cloud.vanish(lost.name);
  }
  if (what.do === "kill") return kill(all, what.user);
  const own = processOf(all, what.user, what.death);
  const tools = { provider: own.provider, store: own.store, signal: never(), clock };
  try {
    switch (what.do) {
      case "acquire": {
        const { run, count, minutes, broken } = what;
        const request = { size: "c-2", region: null, count };
        const lease = await acquireLease({
          ...tools,
          ...{ run, attempt: 1, request, minutes, label: null },
          atLeast: Math.min(count, what.atLeast),
          reach: memoryReach({ broken }),
        });
        own.leases.push(lease);
        break;
      }
      case "release":
        await own.leases.pop()?.release(never());
        break;
      case "settle":
        await settleLeases({ ...tools, openProvider: async () => own.provider });
        break;
      case "reap":
        await reap(tools);
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // A refusal or an outage is told, and the process may go on; a dead one does not.
    if (error instanceof Killed || isKilled(error)) kill(all, what.user);
    else expect(error).toHaveProperty("exitCode");
  }
}

function isKilled(error: unknown): boolean {
  if (error instanceof Killed) return true;
  return error instanceof Error && error.cause !== undefined && isKilled(error.cause);
}

/** What holds at every instant between two actions. */
function check(all: Everything): void {
  const recorded = USERS.flatMap((who) => all.stores[who].records());
  for (const machine of all.cloud.there()) {
    if (machine.owner === "stranger") continue;
    const lease = leaseOf(machine);
    expect(lease).not.toBeNull();
    expect(
      recorded.some(({ id }) => id === lease?.id),
      `${machine.name} has a record`,
    ).toBe(true);
  }
  expect(all.cloud.there().filter(({ owner }) => owner === "stranger")).toHaveLength(2);
  for (const { by, machine, at } of all.cloud.removals) {
    expect(by === machine.owner || isOverdue(machine, at), `${by} removed ${machine.name}`).toBe(
      true,
    );
  }
}

test("whatever happens, a reap after the deadlines leaves nothing of ours and all of others'", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
      const all = begin();
      for (const what of actions) {
        await perform(all, what);
        check(all);
      }
      for (const who of USERS) kill(all, who);
      all.cloud.heal();
      all.clock.advance(80 * MINUTE);
      await perform(all, { do: "reap", user: "anna", death: null });
      expect(all.cloud.there().map(({ name }) => name)).toEqual(["database", "sim-stranger22-0"]);
      await perform(all, { do: "reap", user: "ben", death: null });
      check(all);
      expect(USERS.flatMap((who) => all.stores[who].records())).toEqual([]);
    }),
    { numRuns: Number(process.env.SIM_LEASE_RUNS ?? 150) },
  );
});
