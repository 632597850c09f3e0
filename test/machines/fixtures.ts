import { acquireLease } from "../../src/machines/lease.ts";
import type { AcquireOptions, Lease, LeaseEvent } from "../../src/machines/lease-types.ts";
import { type ReapReport, reap } from "../../src/machines/reap.ts";
import { type Settled, settleLeases } from "../../src/machines/settle.ts";
import type { Store } from "../../src/machines/store.ts";
import { type CloudOptions, type MemoryCloud, memoryCloud } from "./memory-provider.ts";
import { memoryReach } from "./memory-reach.ts";
import { type MemoryStore, memoryStore } from "./memory-store.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

/** A user of the cloud, with a store of his own; `us` unless told otherwise. */
export interface World {
  readonly clock: VirtualClock;
  readonly cloud: MemoryCloud;
  readonly stored: MemoryStore;
  /** As a new process sees it. */
  store(): Store;
  readonly steps: LeaseEvent[];
  acquire(changes?: Changes): Promise<Lease>;
  reap(): Promise<ReapReport>;
  settle(keepRun?: string): Promise<Settled>;
  names(): string[];
}

type Changes = Partial<Omit<AcquireOptions, "request">> & {
  readonly count?: number;
  readonly size?: string;
  readonly region?: string | null;
};

export function world(
  options: Partial<CloudOptions> & { readonly user?: string; readonly shared?: World } = {},
): World {
  const { user = "us", shared, ...rest } = options;
  const clock = shared?.clock ?? rest.clock ?? virtualClock();
  const cloud = shared?.cloud ?? memoryCloud({ ...rest, clock });
  const stored = memoryStore();
  const steps: LeaseEvent[] = [];
  const store = () => stored.open();
  const provider = cloud.provider(user);
  const onStep = (event: LeaseEvent): void => {
    steps.push(event);
  };
  return {
    ...{ clock, cloud, stored, store, steps },
    acquire: async ({ count = 1, size = "c-2", region = null, ...changes } = {}) =>
      await acquireLease({
        provider,
        store: store(),
        run: "abc234",
        attempt: 1,
        request: { size, region, count },
        minutes: 60,
        atLeast: count,
        label: null,
        reach: memoryReach(),
        signal: never(),
        clock,
        onStep,
        ...changes,
      }),
    reap: async () => await reap({ provider, store: store(), signal: never(), clock, onStep }),
    settle: async (keepRun) =>
      await settleLeases({
        store: store(),
        openProvider: async () => provider,
        signal: never(),
        keepRun,
        clock,
        onStep,
      }),
    names: () =>
      cloud
        .there()
        .map(({ name }) => name)
        .sort(),
  };
}

export function never(): AbortSignal {
  return new AbortController().signal;
}

export const MINUTE = 60_000;
