/** The laws of src/machines/provider.ts as one suite that every provider is run through. */

import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { leaseTags, machineName, newLeaseId } from "../../src/machines/names.ts";
import {
  type Machine,
  type MachineRequest,
  type Order,
  type Provider,
  ProviderError,
  type ProviderErrorKind,
} from "../../src/machines/provider.ts";

/** A provider with an account of its own, empty at first. */
export interface ProviderBench extends AsyncDisposable {
  readonly provider: Provider;
  /** What can be rented there. */
  readonly size: string;
  readonly region: string;
  /** Names or ids of what exists in the account, asked without the provider's own code. */
  existing(): Promise<readonly string[]>;
  /** By the clock of who rents out, in milliseconds since 1970. */
  clock(): number;
}

/** What the suite needs to know of a provider. What it cannot do is said with the reason. */
export interface ProviderFlavour {
  /** What is absent, as "moto": the suite is then skipped by this name. */
  readonly missing: string | null;
  make(): Promise<ProviderBench>;
  readonly capabilities: {
    /** `power` is there; or why it is null. */
    readonly power: true | Lack;
    /** A provider with a wrong secret, which no message may show; or why there is no such thing. */
    readonly wrongSecret:
      | { make(bench: ProviderBench): Promise<Provider>; readonly secret: string }
      | Lack;
    /** Makes a machine of somebody else's without our tag, and tells its id; or why not. */
    readonly foreign: ((bench: ProviderBench) => Promise<string>) | Lack;
    /** The user data a machine was given, asked without the provider's code; or why it cannot be. */
    readonly userData: ((bench: ProviderBench, id: string) => Promise<string>) | Lack;
    /** Bytes of user data that are too many; or why there is no limit. */
    readonly tooMuchUserData: number | Lack;
    /** More machines than anybody is rented; or why there is no such number. */
    readonly tooMany: number | Lack;
  };
}

/** A capability that a provider does not have. */
export interface Lack {
  readonly lacks: string;
}

function isLack(capability: unknown): capability is Lack {
  return typeof capability === "object" && capability !== null && "lacks" in capability;
}

/** Declares a test of a capability that a provider has; its flavour says why it has none. */
function withCapability<T>(
  capability: T | Lack,
  law: string,
  check: (capability: T) => Promise<void>,
): void {
  if (!isLack(capability)) test(law, () => check(capability));
}

const never = new AbortController().signal;

export function providerContract(name: string, flavour: ProviderFlavour): void {
  const title = flavour.missing === null ? name : `${name} (needs ${flavour.missing})`;
  describe.skipIf(flavour.missing !== null)(title, () => {
    let bench: ProviderBench;
    let provider: Provider;

    beforeEach(async () => {
      bench = await flavour.make();
      provider = bench.provider;
    });

    afterEach(async () => {
      vi.useRealTimers();
      await bench.provider[Symbol.asyncDispose]();
      await bench[Symbol.asyncDispose]();
    });

    const order = (count = 1, changes: Partial<Order> = {}): Order => {
      const id = newLeaseId();
      return {
        names: Array.from({ length: count }, (_, index) => machineName({ id }, index)),
        size: bench.size,
        region: bench.region,
        tags: leaseTags({ id, run: "contract", attempt: 1, minutes: 60 }),
        userData: "#cloud-config\n",
        ...changes,
      };
    };
    /** All of an order's machines, in as many calls as the provider takes them in. */
    const rent = async (asked: Order) => {
      const made: Machine[] = [];
      for (let start = 0; start < asked.names.length; start += provider.batch) {
        const part = asked.names.slice(start, start + provider.batch);
        made.push(...(await provider.create({ ...asked, names: part }, never)));
      }
      return made;
    };
    const request = (changes: Partial<MachineRequest> = {}): MachineRequest => ({
      size: bench.size,
      region: bench.region,
      count: 1,
      ...changes,
    });
    /** Lists until what is expected is seen: a list may lag behind. */
    const listed = async (fits: (machines: readonly Machine[]) => boolean) => {
      for (let look = 1; ; look++) {
        const machines = await provider.list(never);
        if (fits(machines) || look === 20) return machines;
      }
    };
    const names = (machines: readonly Machine[]) => machines.map((machine) => machine.name).sort();
    const idOf = (machines: readonly Machine[], at = 0) => {
      const id = machines[at]?.id;
      if (id === undefined) throw new Error(`there is no machine ${at}`);
      return id;
    };
    const { capabilities } = flavour;

    describe("sizes", () => {
      test("have names of their own, CPUs and memory, and prices that are not negative", async () => {
        const sizes = await provider.sizes(never);
        expect(sizes.length).toBeGreaterThan(0);
        expect(new Set(sizes.map((size) => size.name)).size).toBe(sizes.length);
        for (const size of sizes) {
          expect(size.cpus, size.name).toBeGreaterThan(0);
          expect(size.memory, size.name).toBeGreaterThan(2 ** 27);
          expect(size.pricePerHour ?? 0, size.name).toBeGreaterThanOrEqual(0);
          expect(size.pricePerMonth ?? 0, size.name).toBeGreaterThanOrEqual(0);
        }
      });

      test("that can be rented say where", async () => {
        const sizes = await provider.sizes(never);
        expect(sizes.find((size) => size.name === bench.size)?.regions).toContain(bench.region);
        for (const size of sizes) {
          if (size.available) expect(size.regions, size.name).not.toEqual([]);
        }
      });
    });

    describe("check", () => {
      test("tells the size and the region that will be rented", async () => {
        const offer = await provider.check(request(), never);
        expect(offer.size.name).toBe(bench.size);
        expect(offer.region).toBe(bench.region);
      });

      test("chooses a region that has the size where none is asked for", async () => {
        const offer = await provider.check(request({ region: null }), never);
        expect(offer.size.regions).toContain(offer.region);
      });

      const WRONG: readonly [what: string, wrong: Partial<MachineRequest>][] = [
        ["no machines", { count: 0 }],
        ["less than none", { count: -1 }],
        ["half a machine", { count: 1.5 }],
        ["a number that is none", { count: Number.NaN }],
        ["a size that does not exist", { size: "no-such-size" }],
        ["a size of strange characters", { size: "c-2'; rm -rf /\n" }],
        ["a region that does not exist", { region: "nowhere-7" }],
      ];
      test.each(WRONG)("refuses %s as invalid, and rents nothing", async (_, wrong) => {
        expect(await refusal(provider.check(request(wrong), never))).toMatchObject({
          kind: "invalid",
          exitCode: 2,
        });
        expect(await bench.existing()).toEqual([]);
      });

      test("names the nearest size with what it is, and its price where there is one", async () => {
        const { message } = await refusal(
          provider.check(request({ size: `${bench.size}x` }), never),
        );
        const size = (await provider.sizes(never)).find(({ name }) => name === bench.size);
        expect(message).toContain(`${bench.size} (`);
        if ((size?.pricePerHour ?? 0) > 0) expect(message).toMatch(/\d an hour/);
      });

      withCapability(capabilities.tooMany, "refuses more than may be had", async (count) => {
        const { kind } = await refusal(provider.check(request({ count }), never));
        expect(["limit", "invalid"] satisfies ProviderErrorKind[]).toContain(kind);
      });

      test("rents nothing", async () => {
        await provider.check(request({ count: 2 }), never);
        expect(await bench.existing()).toEqual([]);
      });
    });

    describe("create and list", () => {
      test("each machine has its name and its tags from the call itself", async () => {
        const asked = order(2);
        const made = await rent(asked);
        expect(names(made)).toEqual(asked.names);
        for (const machine of made) {
          expect(machine.tags).toMatchObject(asked.tags);
          expect(machine).toMatchObject({ provider: provider.name, size: bench.size });
        }
        expect(await bench.existing()).toHaveLength(2);
      });

      test("each is listed, with the same id and tags, and gets an address", async () => {
        const asked = order(2);
        const made = await rent(asked);
        const machines = await listed(
          (seen) => seen.length === 2 && seen.every((machine) => machine.address !== null),
        );
        expect(machines.map(({ id, name, tags }) => ({ id, name, tags })).sort(byName)).toEqual(
          made.map(({ id, name, tags }) => ({ id, name, tags })).sort(byName),
        );
        for (const machine of machines) {
          expect(machine.address).not.toBeNull();
          expect(machine.state).toBe("running");
          expect(machine.region).toBe(bench.region);
        }
      });

      test("lists what other runs rented, too", async () => {
        const [one, other] = [order(), order()];
        await provider.create(one, never);
        await provider.create(other, never);
        const machines = await listed((seen) => seen.length === 2);
        expect(names(machines)).toEqual([...one.names, ...other.names].sort());
      });

      test("takes `batch` names in a call and refuses more, with nothing made", async () => {
        const many = order(provider.batch + 1);
        expect((await refusal(provider.create(many, never))).kind).toBe("invalid");
        expect((await refusal(provider.create(order(0), never))).kind).toBe("invalid");
        expect(await bench.existing()).toEqual([]);
        await provider.create(order(Math.min(provider.batch, 10)), never);
        expect(await bench.existing()).toHaveLength(Math.min(provider.batch, 10));
      });

      test.each([
        ["a name of strange characters", { names: ["sim\n$(reboot)"] }],
        ["a tag that cannot be written", { tags: { lease: "a=b.c" } }],
        ["the same name twice", { names: ["sim-aaaaaaaaaa-0", "sim-aaaaaaaaaa-0"] }],
      ])("refuses %s, with nothing made", async (_, changes) => {
        expect((await refusal(provider.create(order(1, changes), never))).kind).toBe("invalid");
        expect(await bench.existing()).toEqual([]);
      });

      withCapability(capabilities.userData, "gives each its user data", async (userDataOf) => {
        const asked = order(1, { userData: "#cloud-config\n# äöü\n" });
        const made = await provider.create(asked, never);
        expect(await userDataOf(bench, idOf(made))).toBe(asked.userData);
      });

      withCapability(
        capabilities.tooMuchUserData,
        "refuses too much user data, with nothing made",
        async (bytes) => {
          const userData = `#cloud-config\n${"#".repeat(bytes)}`;
          const error = await refusal(provider.create(order(1, { userData }), never));
          expect(error.kind).toBe("invalid");
          expect(await bench.existing()).toEqual([]);
        },
      );

      withCapability(
        capabilities.foreign,
        "does not list what is somebody else's, nor touch it",
        async (make) => {
          const foreign = await make(bench);
          const made = await provider.create(order(), never);
          const machines = await listed((seen) => seen.length > 0);
          expect(machines.map(({ id }) => id)).toEqual([idOf(made)]);
          await provider.remove([idOf(made)], never);
          await listed((seen) => seen.length === 0);
          expect(await bench.existing()).toHaveLength(1);
          expect(machines.map(({ id }) => id)).not.toContain(foreign);
        },
      );
    });

    describe("remove", () => {
      test("ends the given machines alone", async () => {
        const made = await rent(order(3));
        await provider.remove([idOf(made, 0), idOf(made, 2)], never);
        const machines = await listed((seen) => seen.length === 1);
        expect(machines.map(({ id }) => id)).toEqual([idOf(made, 1)]);
        expect(await bench.existing()).toHaveLength(1);
      });

      test("succeeds for what is gone already, and for nothing at all", async () => {
        const made = await rent(order(2));
        const ids = made.map(({ id }) => id);
        await provider.remove(ids.slice(0, 1), never);
        await provider.remove(ids, never);
        await provider.remove(ids, never);
        await provider.remove([], never);
        expect(await listed((seen) => seen.length === 0)).toEqual([]);
        expect(await bench.existing()).toEqual([]);
      });
    });

    describe("power", () => {
      const { power } = capabilities;
      if (isLack(power)) {
        test(`cannot be switched: ${power.lacks}`, () => expect(provider.power).toBeNull());
        return;
      }

      test("off and on again; what is off is still listed", async () => {
        const made = await rent(order(2));
        const id = idOf(made);
        const other = idOf(made, 1);
        await listed((seen) => seen.length === 2 && seen.every(({ state }) => state === "running"));
        const states = async () =>
          Object.fromEntries((await provider.list(never)).map((one) => [one.id, one.state]));
        await provider.power?.(id, false, never);
        expect(await states()).toEqual({ [id]: "stopped", [other]: "running" });
        await provider.power?.(id, false, never);
        await provider.power?.(id, true, never);
        expect(await states()).toEqual({ [id]: "running", [other]: "running" });
      });

      test("what is off is removed like anything else", async () => {
        const made = await provider.create(order(), never);
        await listed((seen) => seen[0]?.state === "running");
        await provider.power?.(idOf(made), false, never);
        await provider.remove([idOf(made)], never);
        expect(await listed((seen) => seen.length === 0)).toEqual([]);
      });
    });

    describe("time", () => {
      /** More than any answer's way takes, less than the hour by which our clock is wrong. */
      const tolerance = 60_000;

      test("is the provider's, whatever our clock says", async () => {
        const wrong = Date.now() + 3_600_000;
        vi.useFakeTimers({ toFake: ["Date"], now: wrong });
        expect(Math.abs((await provider.now(never)) - bench.clock())).toBeLessThan(tolerance);
        const [machine] = await provider.create(order(), never);
        expect(Math.abs((machine?.created ?? 0) - bench.clock())).toBeLessThan(tolerance);
      });
    });

    describe("failures", () => {
      withCapability(
        capabilities.wrongSecret,
        "a wrong secret is an auth error in every call, and in no message",
        async ({ make, secret }) => {
          await using wrong = await make(bench);
          const calls = [
            wrong.check(request(), never),
            wrong.create(order(), never),
            wrong.list(never),
            wrong.sizes(never),
          ];
          for (const error of await Promise.all(calls.map(refusal))) {
            expect(error).toMatchObject({ kind: "auth", exitCode: 3 });
            expect(inspect(error, { depth: null, showHidden: true })).not.toContain(secret);
          }
          expect(await bench.existing()).toEqual([]);
        },
      );

      test("an aborted call rejects with the signal's reason", async () => {
        const reason = new Error("enough");
        const aborted = AbortSignal.abort(reason);
        await expect(provider.list(aborted)).rejects.toBe(reason);
        await expect(provider.check(request(), aborted)).rejects.toBe(reason);
        await expect(provider.create(order(), aborted)).rejects.toBe(reason);
        expect(await bench.existing()).toEqual([]);
      });
    });
  });
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

/** The error of a call that has to be refused. */
async function refusal(call: Promise<unknown>): Promise<ProviderError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ProviderError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}
