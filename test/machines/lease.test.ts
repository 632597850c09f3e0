import { describe, expect, test } from "vitest";
import type { LeaseEvent, Released } from "../../src/machines/lease-types.ts";
import { leaseTags } from "../../src/machines/names.ts";
import type { Store } from "../../src/machines/store.ts";
import { MINUTE, never, world } from "./fixtures.ts";
import type { CallName, Fault } from "./memory-provider.ts";
import { memoryReach } from "./memory-reach.ts";

describe("a lease of one machine", () => {
  test("is journalled before anything is rented, and forgotten once a listing shows nothing", async () => {
    const { cloud, stored, acquire, names } = world();
    const lease = await acquire();
    expect(names()).toEqual([`sim-${lease.id}-0`]);
    expect(stored.records()).toMatchObject([{ id: lease.id, state: "ready", run: "abc234" }]);
    expect(cloud.there()[0]?.tags).toEqual(
      leaseTags({ id: lease.id, run: "abc234", attempt: 1, minutes: 60 }),
    );
    expect(lease.deadline).toBe((cloud.there()[0]?.created ?? 0) + 60 * MINUTE);
    expect(lease.env(lease.machines[0] as (typeof lease.machines)[number])).toEqual({
      DOCKER_HOST: `ssh://sim-${lease.id}-0`,
    });
    const { used } = await lease.release(never());
    expect(names()).toEqual([]);
    expect(stored.records()).toEqual([]);
    expect(used).toMatchObject([{ name: `sim-${lease.id}-0`, pricePerHour: 0.06 }]);
    const [machine] = used;
    expect((machine?.gone ?? 0) - (machine?.created ?? 0)).toBeGreaterThanOrEqual(20_000);
  });

  test("is given back by its disposal, and only once", async () => {
    const { cloud, acquire, names } = world();
    {
      await using lease = await acquire();
      expect(names()).toHaveLength(lease.machines.length);
    }
    expect(names()).toEqual([]);
    const removed = cloud.calls.remove;
    {
      await using lease = await acquire();
      const [first, second] = await Promise.all([lease.release(never()), lease.release(never())]);
      expect(second).toBe(first);
    }
    expect(cloud.calls.remove).toBe(2 * removed);
  });

  test("tells what is being done", async () => {
    const { acquire, steps } = world();
    const lease = await acquire();
    await lease.release(never());
    const told = steps.map(({ step }) => step).filter((step, i, all) => step !== all[i - 1]);
    expect(told).toEqual<LeaseEvent["step"][]>([
      "create",
      "address",
      "connect",
      "ready",
      "remove",
      "gone",
    ]);
    expect(steps.every(({ lease: id }) => id === lease.id)).toBe(true);
  });

  test("that is kept lives on after its process, under a name that is given once", async () => {
    const { stored, acquire, names, settle, reap, clock } = world();
    {
      await using lease = await acquire({ run: "box", label: "box" });
      expect(lease.machines).toHaveLength(1);
    }
    stored.killAll();
    expect(await settle()).toMatchObject({ released: [], unsettled: [] });
    expect(names()).toHaveLength(1);
    await expect(acquire({ run: "box", label: "box" })).rejects.toThrow(
      /a machine box already.*\n.*machines rm box/,
    );
    expect((await reap()).kept).toMatchObject([{ why: expect.stringMatching(/^kept as box/) }]);
    clock.advance(61 * MINUTE);
    expect((await reap()).removed).toMatchObject([{ why: "overdue" }]);
    expect([names(), stored.records()]).toEqual([[], []]);
  });
});

describe("wrong requests rent nothing and record nothing", () => {
  test.each([
    [{ count: 0 }, /whole number from 1/],
    [{ count: 2.5 }, /whole number from 1/],
    [{ count: 3, atLeast: 4 }, /At least 4 of 3/],
    [{ count: 3, atLeast: 0 }, /At least 0 of 3/],
    [{ minutes: 0 }, /deadline is 0 minutes/],
    [{ run: "Box 1" }, /"Box 1" cannot name machines/],
    [{ run: "box", label: "-" }, /"-" cannot name machines/],
    [{ size: "c-3" }, /nearest is c-2/],
  ])("%o", async (changes, message) => {
    const { cloud, stored, acquire } = world();
    await expect(acquire(changes)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message),
    });
    expect(cloud.calls.create).toBe(0);
    expect(stored.records()).toEqual([]);
  });
});

describe("several machines", () => {
  test("are created in calls of what the provider takes at once", async () => {
    const { cloud, acquire, names } = world({ batch: 10 });
    const lease = await acquire({ count: 23 });
    expect(cloud.calls.create).toBe(3);
    expect(lease.machines.map(({ name }) => name)).toEqual(
      Array.from({ length: 23 }, (_, i) => `sim-${lease.id}-${i}`),
    );
    await lease.release(never());
    expect(names()).toEqual([]);
  });

  const partial: { title: string; limit?: number; fault?: Fault; broken?: number[] }[] = [
    { title: "the account's limit after seven", limit: 7 },
    {
      title: "no answer after seven of ten were made",
      fault: { call: "create", nth: 1, when: "after", kind: "unavailable", made: 7 },
    },
    { title: "three that do not come up", broken: [0, 4, 9] },
  ];
  const batchOf = (limit: number | undefined) => (limit === undefined ? 10 : 1);

  test.each(partial)("$title: seven of ten go on", async ({ limit, fault, broken }) => {
    const { clock, cloud, acquire, names, stored } = world({
      batch: batchOf(limit),
      limit: limit ?? 100,
    });
    if (fault !== undefined) cloud.fail(fault);
    const reach = memoryReach({ broken: broken ?? [] });
    const lease = await acquire({ count: 10, atLeast: 7, reach });
    expect(lease.machines).toHaveLength(7);
    expect(names()).toEqual(lease.machines.map(({ name }) => name).sort());
    cloud.heal();
    // What an unanswered call did not make may still come for a quarter of an hour.
    clock.advance(20 * MINUTE);
    const { used } = await lease.release(never());
    expect(used).toHaveLength(7 + (broken?.length ?? 0));
    expect([names(), stored.records()]).toEqual([[], []]);
  });
});

describe("what came is given back where it is not enough", () => {
  test.each<{ title: string; limit?: number; fault?: Fault; broken?: number[]; error: RegExp }>([
    { title: "the account's limit", limit: 6, error: /6 of 10.*at least 7.*may have 6/ },
    {
      title: "no answer, and only six were made",
      fault: { call: "create", nth: 1, when: "after", kind: "unavailable", made: 6 },
      error: /6 of 10.*at least 7/,
    },
    {
      title: "four that do not come up",
      broken: [0, 1, 2, 3],
      error: /6 of 10 machines came up.*\n- sim-\w+-0 did not come up: its setup failed at Docker/,
    },
  ])("$title", async ({ limit, fault, broken, error }) => {
    const shape = limit === undefined ? {} : { batch: 1, limit };
    const { clock, cloud, acquire, names, stored, reap } = world(shape);
    if (fault !== undefined) cloud.fail(fault);
    const reach = memoryReach({ broken: broken ?? [] });
    await expect(acquire({ count: 10, atLeast: 7, reach })).rejects.toThrow(error);
    expect(names()).toEqual([]);
    // What an unanswered call did not make may still come: it stays recorded until it cannot.
    expect(stored.records()).toHaveLength(fault === undefined ? 0 : 1);
    clock.advance(20 * MINUTE);
    await reap();
    expect(stored.records()).toEqual([]);
  });
});

describe("a create call whose answer is lost", () => {
  test("after its work: the machine is found by listing, and used", async () => {
    const { cloud, acquire, names, clock } = world({ lag: { listed: 50_000 } });
    cloud.fail({ call: "create", nth: 1, when: "after", kind: "unavailable" });
    const lease = await acquire();
    expect(lease.machines).toHaveLength(1);
    clock.advance(20 * MINUTE);
    await lease.release(never());
    expect(names()).toEqual([]);
  });

  test("before its work: nothing is rented, and it stays recorded while something may come", async () => {
    const { clock, cloud, stored, acquire, settle } = world();
    cloud.fail({ call: "create", nth: 1, when: "before", kind: "unavailable" });
    await expect(acquire()).rejects.toThrow(/Not known whether sim-\w+-0 will come to be/);
    expect(stored.records()).toMatchObject([{ state: "releasing", holder: null }]);
    expect((await settle()).unsettled).toHaveLength(1);
    clock.advance(20 * MINUTE);
    expect(await settle()).toMatchObject({ unsettled: [], released: [{ used: [] }] });
    expect(stored.records()).toEqual([]);
  });

  test("and what it made is listed too late for this process: the next one removes it", async () => {
    const { clock, cloud, acquire, names, settle } = world({ lag: { listed: 5 * MINUTE } });
    cloud.fail({ call: "create", nth: 1, when: "after", kind: "unavailable" });
    await expect(acquire()).rejects.toMatchObject({ left: [expect.stringMatching(/^sim-/)] });
    expect(names()).toHaveLength(1);
    clock.advance(6 * MINUTE);
    expect((await settle()).released).toMatchObject([{ used: [{}] }]);
    expect(names()).toEqual([]);
  });
});

describe("a machine that is lost while it is waited for", () => {
  test("disappears", async () => {
    const { cloud, acquire, stored } = world({ lag: { address: 5 * MINUTE } });
    const leased = acquire({ onStep: ({ step, machines }) => vanishAt(step, machines) });
    const vanishAt = (step: LeaseEvent["step"], [name = ""]: readonly string[]): void => {
      if (step === "address") cloud.vanish(name);
    };
    await expect(leased).rejects.toThrow(/0 of 1 machines came up.*\n- sim-\w+-0 disappeared/);
    expect(stored.records()).toEqual([]);
  });

  test("never gets an address", async () => {
    const { acquire, names } = world({ lag: { address: 60 * MINUTE } });
    await expect(acquire({ minutes: 120 })).rejects.toThrow(/had no address after 10 minutes/);
    expect(names()).toEqual([]);
  });
});

describe("an abort", () => {
  test.each<LeaseEvent["step"]>(["create", "address", "connect", "ready"])(
    "at %s gives back what there is, and rejects with its reason",
    async (step) => {
      const { acquire, names, stored } = world();
      const stop = new AbortController();
      const reason = new Error("SIGINT");
      const onStep = (event: LeaseEvent): void => {
        if (event.step === step) stop.abort(reason);
      };
      await expect(acquire({ signal: stop.signal, onStep })).rejects.toBe(reason);
      expect([names(), stored.records()]).toEqual([[], []]);
    },
  );
});

describe("every call that fails on the way", () => {
  const calls: CallName[] = ["account", "now", "create", "list", "remove"];
  const kinds = ["unavailable", "forbidden"] as const;
  const all = calls.flatMap((call) =>
    kinds.flatMap((kind) =>
      [1, 2, 3, 4].flatMap((nth) =>
        (["before", "after"] as const).map((when) => ({ call, kind, nth, when })),
      ),
    ),
  );
  // By a provider's law a call that is refused has done nothing.
  const cases = all.filter(({ call, kind, when }) =>
    call === "create" && kind === "forbidden" ? when === "before" : true,
  );

  test.each(cases)("$call $nth $when its work, $kind: nothing is left", async (fault) => {
    const { clock, cloud, acquire, names, stored, settle } = world({ batch: 1, account: "ours" });
    cloud.fail(fault);
    await acquire({ count: 3 })
      .then((lease) => lease.release(never()))
      .catch(() => undefined);
    // What is left is known, until the next start.
    expect(names().every((name) => stored.records()[0]?.id === name.split("-")[1])).toBe(true);
    cloud.heal();
    clock.advance(20 * MINUTE);
    await settle();
    expect([names(), stored.records()]).toEqual([[], []]);
  });
});

describe("what came to nothing", () => {
  test("is told of with its end, since it costs something", async () => {
    const { acquire } = world();
    const ended: Released[] = [];
    const stop = new AbortController();
    const reach = { ...memoryReach(), connect: async () => stop.abort("SIGINT") };
    const acquiring = acquire({
      reach,
      signal: stop.signal,
      onEnd: (released) => void ended.push(released),
    });
    await expect(acquiring).rejects.toBe("SIGINT");
    expect(ended).toMatchObject([{ run: "abc234", used: [{ gone: expect.any(Number) }] }]);
  });
});

describe("release", () => {
  test("survives five minutes without an answer", async () => {
    const { clock, cloud, acquire, names } = world({ account: "ours" });
    const lease = await acquire();
    for (const call of ["account", "now", "list", "remove"] as const) {
      cloud.fail({ call, nth: "all", when: "before", kind: "unavailable" });
    }
    const began = clock.now();
    const release = lease.release(never());
    while (clock.now() - began < 5 * MINUTE) await new Promise(setImmediate);
    cloud.heal();
    await release;
    expect(names()).toEqual([]);
  });

  test("that is never answered names the machines, says what to do, and keeps the record", async () => {
    const { cloud, stored, acquire, names, settle } = world();
    const lease = await acquire();
    cloud.fail({ call: "remove", nth: "all", when: "before", kind: "unavailable" });
    await expect(lease.release(never())).rejects.toMatchObject({
      left: [`sim-${lease.id}-0`],
      message: expect.stringMatching(/Not confirmed that sim-\w+-0 is gone.*\n.*machines reap/),
    });
    expect(stored.records()).toMatchObject([{ state: "releasing", holder: null }]);
    cloud.heal();
    await settle();
    expect([names(), stored.records()]).toEqual([[], []]);
  });

  test("is not stopped by a journal that cannot be written, as on a full disk", async () => {
    const { store, acquire, names, steps } = world();
    let isFull = false;
    const full = {
      ...store(),
      write: async (...given: Parameters<Store["write"]>) => {
        if (isFull) throw new Error("no space left");
        await store().write(...given);
      },
    };
    const lease = await acquire({ store: full });
    isFull = true;
    expect((await lease.release(never())).used).toHaveLength(1);
    expect(names()).toEqual([]);
    expect(steps.filter(({ text }) => text === "no space left")).toHaveLength(1);
  });

  test("tells once of each machine that it goes, however long it is listed", async () => {
    const { acquire, steps } = world({ lag: { gone: 3 * MINUTE } });
    const lease = await acquire();
    await lease.release(never());
    const told = steps.map(({ text }) => text).filter((text) => text.includes(`${lease.id}-0`));
    expect(told.slice(-2)).toEqual([`removing sim-${lease.id}-0`, `sim-${lease.id}-0 is gone`]);
  });

  test("does not believe the answer to a removal", async () => {
    const { cloud, acquire } = world({ lag: { gone: 3 * MINUTE } });
    const lease = await acquire();
    const asked = cloud.calls.list;
    await lease.release(never());
    expect(cloud.calls.list - asked).toBeGreaterThan(3);
  });

  test("of what somebody else removed succeeds, and is billed until it was noticed", async () => {
    const { cloud, acquire } = world();
    const lease = await acquire();
    cloud.vanish(`sim-${lease.id}-0`);
    expect((await lease.release(never())).used).toHaveLength(1);
  });

  test("with a token that expired tells so at once", async () => {
    const { clock, cloud, acquire } = world();
    const lease = await acquire();
    cloud.fail({ call: "list", nth: "all", when: "before", kind: "auth" });
    const began = clock.now();
    await expect(lease.release(never())).rejects.toThrow(/list: auth/);
    expect(clock.now()).toBe(began);
  });
});
