import { OUTPUT } from "../engines/docker/files.ts";
import { NOTHING_RAN } from "../engines/docker/outcome.ts";
import type {
  Capacity,
  Engine,
  Finished,
  ImageIdentity,
  Recovered,
  RecoveryTarget,
  Task,
  TaskHooks,
} from "../engines/engine.ts";
import { ReportedError } from "../sweep/errors.ts";
import type { Sweep } from "../sweep/sweep.ts";
import { affordableSeconds } from "./cost.ts";
import { type Lease, LeaseError, type LeaseEvent, type Released } from "./lease-types.ts";
import type { MachineRequest, Offer, Provider } from "./provider.ts";
import type { PinnedImage } from "./registry-image.ts";
import { watchMachines } from "./watch.ts";
import { firstLine } from "./work.ts";

/** What machines are rented for, and by whom. */
export interface RentedEngineOptions {
  readonly provider: Provider;
  readonly offer: Offer;
  readonly request: MachineRequest;
  /** In the provider's currency: at this much the run is stopped; null for no limit. */
  readonly maxCost: number | null;
  /** Ends waiting for machines. */
  readonly signal: AbortSignal;
  /** Whether an earlier, killed start of the run may have left machines. */
  hasEarlier(): Promise<boolean>;
  /** Rents, or takes up what an earlier start rented. */
  acquire(signal: AbortSignal): Promise<Lease>;
  /** Takes up what an earlier start rented; null where nothing of that is left. */
  takeUp(signal: AbortSignal): Promise<Lease | null>;
  /** The engine on a machine, by the variables that lead to it. */
  engineOn(env: Readonly<Record<string, string>>): Promise<Engine>;
  /** The sweep's image, read from its registry without a machine. */
  identify(sweep: Sweep, platform: string, signal: AbortSignal): Promise<PinnedImage>;
  /**
   * Called when machines are there, and when they are gone.
   * @param ahead milliseconds by which the provider's clock is ahead of ours.
   */
  onLease(lease: Lease, ahead: number): void;
  onReleased(released: Released): void;
  onStep(event: Pick<LeaseEvent, "text">): void;
  /** Called once, when money or time have run out: the run is to end, and keeps what finished. */
  onLimit(reason: string): void;
}

export interface RentedEngine extends Engine {
  /** Rents now, for what needs a machine before the first point: the variables that lead to it. */
  env(): Promise<Readonly<Record<string, string>>>;
}

/** Linux on x86 is what all providers' plain sizes are. */
const PLATFORM = "linux/amd64";

/** Before a machine powers itself off there is time to bring home what finished. */
const BEFORE_DEADLINE_MS = 120_000;
/** A release takes a while, and costs. */
const RELEASE_SECONDS = 60;
/** The longest that a timer of Node's can be set to. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The docker engine of a machine that is rented when the first task needs it, and given back at
 * disposal. Until then nothing costs: the image's identity comes from its registry, the capacity
 * from the offer, so a run of which all points are done rents nothing.
 */
export function rentedEngine(options: RentedEngineOptions): RentedEngine {
  const { provider, offer, signal } = options;
  let rented: Promise<Held> | null = null;
  let pinned: PinnedImage | null = null;
  let limit: NodeJS.Timeout | undefined;

  const hold = async (lease: Lease, now: number): Promise<Held> => {
    try {
      const [machine] = lease.machines;
      if (machine === undefined) throw new Error("a lease has a machine");
      options.onLease(lease, now - Date.now());
      limit = setLimit(lease, now);
      const env = lease.env(machine);
      const inner = await options.engineOn(env);
      if (pinned !== null) {
        const found = await inner.prepare(pinned.sweep, signal);
        if (found.identity !== pinned.identity.identity) throw changed(pinned.identity.label);
      }
      return { lease, inner, env };
    } catch (error) {
      throw await givenBack(lease, error);
    }
  };
  const rent = async (): Promise<Held> => {
    const time = await timeOf(provider, signal);
    return await hold(await options.acquire(signal), time());
  };
  const machine = () => {
    rented ??= rent();
    // Whoever needs it gets the error; who comes later, the same.
    rented.catch(() => {});
    return rented;
  };

  const giveBack = async (lease: Lease): Promise<void> => {
    clearTimeout(limit);
    // What interrupts the run does not interrupt this: it is what the user is charged for.
    options.onReleased(await lease.release(new AbortController().signal));
  };

  /** The error to throw, with what could not be given back. */
  const givenBack = async (lease: Lease, error: unknown): Promise<unknown> => {
    try {
      await giveBack(lease);
      return error;
    } catch (release) {
      if (!(release instanceof LeaseError)) throw release;
      const text = `${firstLine(error)}\n${release.message}`;
      return new LeaseError(text, release.left, { cause: error });
    }
  };

  const setLimit = (lease: Lease, now: number): NodeJS.Timeout | undefined => {
    const price = offer.size.pricePerHour;
    const created = Math.min(...lease.machines.map((one) => one.created));
    const affordable =
      options.maxCost === null || price === null
        ? Number.POSITIVE_INFINITY
        : affordableSeconds(options.maxCost, price, lease.machines.length) - RELEASE_SECONDS;
    const byCost = created + affordable * 1000;
    const byTime = lease.deadline - BEFORE_DEADLINE_MS;
    const wait = Math.min(byCost, byTime) - now;
    if (wait > LONGEST_TIMER_MS) return undefined;
    const reason =
      byCost < byTime
        ? `the machines have cost what --max-cost allows`
        : `the machines' deadline is near; --deadline gives them more time`;
    return setTimeout(() => options.onLimit(reason), Math.max(0, wait)).unref();
  };

  return {
    name: provider.name,
    view: () => ({ output: OUTPUT, input: "/mnt/input" }),
    capacity: async (): Promise<Capacity> => {
      // Of what costs nothing, the one that is taken may be another than was offered.
      if (offer.size.pricePerHour === 0) return await (await machine()).inner.capacity();
      return { cpus: offer.size.cpus, memory: offer.size.memory, platform: PLATFORM };
    },
    prepare: async (sweep: Sweep, stop: AbortSignal): Promise<ImageIdentity> => {
      // What costs nothing needs no sparing, and may have images that no registry has.
      if (rented !== null || offer.size.pricePerHour === 0) {
        return await (await machine()).inner.prepare(sweep, stop);
      }
      pinned = await options.identify(sweep, sweep.platform ?? PLATFORM, stop);
      return pinned.identity;
    },
    run: async (task: Task, hooks: TaskHooks, stop: AbortSignal): Promise<Finished> => {
      const held = await machine().catch((error: unknown) => {
        // Cut off while it waited for a machine, which has been given back: nothing has run.
        if (signal.aborted && error === signal.reason) return null;
        throw error;
      });
      if (held === null) return { outcome: NOTHING_RAN, release: async () => {} };
      return await held.inner.run(task, hooks, stop);
    },
    recover: async (
      run: string,
      target: (task: string) => RecoveryTarget | "live" | null,
    ): Promise<Recovered[]> => {
      if (rented === null) {
        if (!(await options.hasEarlier())) return [];
        const time = await timeOf(provider, signal);
        const earlier = await options.takeUp(signal);
        // Nothing is left to recover, and a new machine would have nothing of it.
        if (earlier === null) return [];
        rented = hold(earlier, time());
      }
      const { inner } = await machine();
      return await inner.recover(run, target);
    },
    available: async (stop: AbortSignal): Promise<void> => {
      const { inner, lease } = await machine();
      await watchMachines(provider, lease.machines, stop, (still) => inner.available(still));
    },
    env: async () => (await machine()).env,
    [Symbol.asyncDispose]: async () => {
      if (rented === null) return;
      const held = await rented.catch(() => null);
      // Where renting failed, nothing is held.
      if (held === null) return;
      try {
        await held.inner[Symbol.asyncDispose]();
      } finally {
        await giveBack(held.lease);
      }
    },
  };
}

interface Held {
  readonly lease: Lease;
  readonly inner: Engine;
  readonly env: Readonly<Record<string, string>>;
}

/** The provider's time from here on, asked once: it may not answer when the machine is ready. */
async function timeOf(provider: Provider, signal: AbortSignal): Promise<() => number> {
  const told = await provider.now(signal);
  const ours = performance.now();
  return () => told + performance.now() - ours;
}

function changed(label: string): ReportedError {
  return new ReportedError(
    3,
    `The image ${label} on the machine is not the one that its registry shows.\n` +
      "It was pushed anew meanwhile, or a mirror is behind: run again, or name it by its digest.",
  );
}
