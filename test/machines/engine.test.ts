import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Engine,
  EngineLostError,
  type Task,
  type TaskHooks,
} from "../../src/engines/engine.ts";
import { rentedEngine } from "../../src/machines/engine.ts";
import { type Lease, LeaseError } from "../../src/machines/lease-types.ts";
import type { Offer, Provider } from "../../src/machines/provider.ts";
import type { Sweep } from "../../src/sweep/sweep.ts";

const identity = { identity: "sha256:aa", label: "registry/image@sha256:11" };
const sweep = { image: "registry/image:latest", platform: null } as unknown as Sweep;
const pinned = { ...sweep, image: "registry/image@sha256:11" };
const task = { run: "abcdefghij", id: "1" } as unknown as Task;
const hooks = {} as TaskHooks;
const never = new AbortController().signal;

const offer = (pricePerHour: number): Offer => ({
  region: "nyc3",
  size: {
    name: "c-4",
    cpus: 4,
    memory: 8e9,
    disk: null,
    pricePerHour,
    pricePerMonth: null,
    regions: ["nyc3"],
    available: true,
    description: "",
  },
});

const CREATED = 1_000_000;
const HOUR = 3_600_000;

/** An engine on a machine that says what is done with it. */
function world({
  price = 1,
  maxCost = null,
  signal = never,
  earlier = false,
  left = true,
  refuses = null,
  releaseFails = null,
  shows = identity.identity,
}: {
  readonly price?: number;
  readonly maxCost?: number | null;
  readonly signal?: AbortSignal;
  readonly earlier?: boolean;
  /** Whether something of what the earlier start rented can be taken up. */
  readonly left?: boolean;
  readonly refuses?: unknown;
  readonly releaseFails?: Error | null;
  /** The identity of the image on the machine. */
  readonly shows?: string;
} = {}) {
  const log: string[] = [];
  const limits: string[] = [];
  const inner: Engine = {
    name: "docker",
    view: () => ({ output: "", input: "" }),
    capacity: async () => ({ cpus: 1, memory: 1, platform: "linux/amd64" }),
    prepare: async ({ image }) => {
      log.push(`prepare ${image}`);
      return { ...identity, identity: shows };
    },
    run: async ({ id }) => {
      log.push(`run ${id}`);
      throw new EngineLostError("gone");
    },
    recover: async () => {
      log.push("recover");
      return [];
    },
    available: async () => {},
    [Symbol.asyncDispose]: async () => void log.push("close"),
  };
  const machine = {
    id: "1",
    name: "sim-aaaaaaaaaa-0",
    size: "c-4",
    region: "nyc3",
    address: "192.0.2.1",
    privateAddress: null,
    port: 22,
    created: CREATED,
    pricePerHour: price,
  };
  const lease: Lease = {
    id: "aaaaaaaaaa",
    deadline: CREATED + 8 * HOUR,
    machines: [machine],
    adopted: false,
    env: ({ name }) => ({ DOCKER_HOST: `ssh://${name}` }),
    release: async () => {
      log.push("release");
      if (releaseFails !== null) throw releaseFails;
      return {
        lease: "aaaaaaaaaa",
        run: "abcdefghij",
        used: [{ ...machine, gone: CREATED + HOUR }],
      };
    },
    [Symbol.asyncDispose]: async () => {},
  };
  const engine = rentedEngine({
    provider: { name: "digitalocean", now: async () => CREATED } as unknown as Provider,
    offer: offer(price),
    request: { size: "c-4", region: null, count: 1 },
    maxCost,
    signal,
    hasEarlier: async () => earlier,
    takeUp: async () => {
      log.push("take up");
      return left ? lease : null;
    },
    acquire: async () => {
      log.push("rent");
      if (refuses !== null) throw refuses;
      return lease;
    },
    engineOn: async (env) => {
      log.push(`engine on ${env.DOCKER_HOST}`);
      return inner;
    },
    identify: async () => ({ sweep: pinned, identity }),
    onLease: () => void log.push("leased"),
    onReleased: ({ used }) => void log.push(`released ${used.length}`),
    onStep: () => {},
    onLimit: (reason) => void limits.push(reason),
  });
  return { engine, log, limits };
}

const HELD = ["leased", "engine on ssh://sim-aaaaaaaaaa-0"];
const RENTED = ["rent", ...HELD];

describe("a machine is rented when it is needed", () => {
  it("not for the capacity, the image's identity, or a run that nothing is left of", async () => {
    const { engine, log } = world();
    expect(await engine.capacity()).toEqual({ cpus: 4, memory: 8e9, platform: "linux/amd64" });
    expect(await engine.prepare(sweep, never)).toEqual(identity);
    expect(await engine.recover("abcdefghij", () => null)).toEqual([]);
    await engine[Symbol.asyncDispose]();
    expect(log).toEqual([]);
  });

  it("once for many tasks, with the image that was promised, and is given back", async () => {
    const { engine, log } = world();
    await engine.prepare(sweep, never);
    const tasks = [1, 2].map((id) => engine.run({ ...task, id: String(id) }, hooks, never));
    await expect(Promise.all(tasks)).rejects.toThrow(EngineLostError);
    await Promise.allSettled(tasks);
    await engine[Symbol.asyncDispose]();
    const prepared = "prepare registry/image@sha256:11";
    expect(log).toEqual([...RENTED, prepared, "run 1", "run 2", "close", "release", "released 1"]);
  });

  it("to recover what an earlier start left on one", async () => {
    const { engine, log } = world({ earlier: true });
    await engine.recover("abcdefghij", () => null);
    await engine[Symbol.asyncDispose]();
    expect(log).toEqual(["take up", ...HELD, "recover", "close", "release", "released 1"]);
  });

  it("but none anew where nothing is left to recover", async () => {
    const { engine, log } = world({ earlier: true, left: false });
    expect(await engine.recover("abcdefghij", () => null)).toEqual([]);
    await engine[Symbol.asyncDispose]();
    expect(log).toEqual(["take up"]);
  });

  it("at once where it costs nothing: its images may be in no registry", async () => {
    const { engine, log } = world({ price: 0 });
    await engine.prepare(sweep, never);
    expect(log).toEqual([...RENTED, "prepare registry/image:latest"]);
    await engine[Symbol.asyncDispose]();
  });

  it("before a build, which goes on there", async () => {
    const { engine, log } = world();
    expect(await engine.env()).toEqual({ DOCKER_HOST: "ssh://sim-aaaaaaaaaa-0" });
    await engine.prepare(sweep, never);
    expect(log).toEqual([...RENTED, "prepare registry/image:latest"]);
    await engine[Symbol.asyncDispose]();
  });
});

describe("what goes wrong", () => {
  it("a refused rent is every task's error, and is tried once", async () => {
    const { engine, log } = world({ refuses: new Error("no droplets left") });
    await engine.prepare(sweep, never);
    await expect(engine.run(task, hooks, never)).rejects.toThrow("no droplets left");
    await expect(engine.run(task, hooks, never)).rejects.toThrow("no droplets left");
    await engine[Symbol.asyncDispose]();
    expect(log).toEqual(["rent"]);
  });

  it("an interruption while a machine is waited for is none of the task's", async () => {
    const stop = new AbortController();
    stop.abort("SIGTERM");
    // What a rent that is cut off throws is the signal's own reason.
    const refuses = stop.signal.reason;
    const { engine } = world({ signal: stop.signal, refuses });
    const { outcome } = await engine.run(task, hooks, stop.signal);
    expect(outcome).toMatchObject({ ended: "stopped", exitCode: null });
  });

  it("another image on the machine than the registry showed gives the machine back", async () => {
    const { engine, log } = world({ shows: "sha256:bb" });
    await engine.prepare(sweep, never);
    await expect(engine.run(task, hooks, never)).rejects.toThrow(
      "is not the one that its registry",
    );
    expect(log.slice(-2)).toEqual(["release", "released 1"]);
    await engine[Symbol.asyncDispose]();
    expect(log.filter((line) => line === "release")).toHaveLength(1);
  });

  it("a machine that cannot be given back then is told of, with what went wrong before", async () => {
    const releaseFails = new LeaseError("Not confirmed that sim-a-0 is gone.", ["sim-a-0"]);
    const { engine } = world({ shows: "sha256:bb", releaseFails });
    await engine.prepare(sweep, never);
    await expect(engine.run(task, hooks, never)).rejects.toMatchObject({
      left: ["sim-a-0"],
      message: expect.stringMatching(/is not the one that .*\nNot confirmed that sim-a-0 is gone/),
    });
  });
});

describe("money and time run out", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    // A dollar an hour, less the minute that a release takes.
    ["the money first", { maxCost: 2 }, 2 * HOUR - 60_000, "--max-cost"],
    ["the deadline first, two minutes early", { maxCost: 20 }, 8 * HOUR - 120_000, "--deadline"],
    [
      "only the deadline, for what costs nothing",
      { price: 0, maxCost: 1 },
      8 * HOUR - 120_000,
      "--deadline",
    ],
  ])("%s", async (_, given, after, reason) => {
    const { engine, limits } = world(given);
    await engine.env();
    await vi.advanceTimersByTimeAsync(after - 1);
    expect(limits).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(limits).toEqual([expect.stringContaining(reason)]);
  });

  it("not after the machine was given back", async () => {
    const { engine, limits } = world({ maxCost: 1 });
    await engine.env();
    await engine[Symbol.asyncDispose]();
    await vi.advanceTimersByTimeAsync(24 * HOUR);
    expect(limits).toEqual([]);
  });
});
