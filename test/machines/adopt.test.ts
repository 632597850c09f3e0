import { describe, expect, test } from "vitest";
import type { LeaseRecord } from "../../src/machines/record.ts";
import { releaseLease } from "../../src/machines/release.ts";
import { MINUTE, never, type World, world } from "./fixtures.ts";
import { memoryReach } from "./memory-reach.ts";

/** A run that was killed with its machines in use. */
async function killed(count = 1, options: Parameters<typeof world>[0] = {}): Promise<World> {
  const made = world(options);
  await made.acquire({ count });
  made.stored.killAll();
  return made;
}

describe("the next start of a killed run", () => {
  test("takes its machines over: nothing is rented, and they are its own to give back", async () => {
    const { cloud, stored, acquire, names } = await killed(3);
    const before = names();
    const lease = await acquire({ count: 3 });
    expect(lease.adopted).toBe(true);
    expect(lease.machines.map(({ name }) => name)).toEqual(before);
    expect(cloud.calls.create).toBe(1);
    const { used } = await lease.release(never());
    expect(used).toHaveLength(3);
    expect([names(), stored.records()]).toEqual([[], []]);
  });

  test.each<{ title: string; before?: (world: World) => void; now?: object }>([
    { title: "another region is asked for", now: { region: "nyc3" } },
    {
      title: "too little of their time is left",
      before: ({ clock }) => clock.advance(31 * MINUTE),
    },
    { title: "fewer are asked for", now: { count: 1 } },
    {
      title: "too few are alive",
      before: ({ cloud, names }) => cloud.vanish(names()[0] ?? ""),
    },
    {
      title: "too few are on",
      before: ({ cloud, names }) => cloud.powerOff(names()[0] ?? ""),
    },
    {
      title: "too few are reached any more",
      before: () => undefined,
      now: { reach: brokenOnce([0, 1]) },
    },
  ])("gives them back and rents anew where $title", async ({ before, now }) => {
    const earlier = await killed(2);
    const { acquire, names, stored } = earlier;
    const old = stored.records()[0]?.id;
    before?.(earlier);
    const lease = await acquire({ count: 2, ...now });
    expect(lease.adopted).toBe(false);
    expect(stored.records().map(({ id }) => id)).toEqual([lease.id]);
    expect(names().filter((name) => name.includes(old ?? "-"))).toEqual([]);
    await lease.release(never());
    expect(names()).toEqual([]);
  });

  test("goes on with what is alive, where that is enough", async () => {
    const { cloud, acquire, names } = await killed(3);
    cloud.powerOff(names()[1] ?? "");
    const lease = await acquire({ count: 3, atLeast: 2 });
    expect([lease.adopted, lease.machines.length]).toEqual([true, 2]);
    expect(names()).toHaveLength(2);
    expect((await lease.release(never())).used).toHaveLength(3);
  });
});

describe("a lease of another process", () => {
  test("that is alive is not taken", async () => {
    const { acquire, names } = world();
    const first = await acquire();
    const second = await acquire();
    expect(second.adopted).toBe(false);
    await second.release(never());
    expect(names()).toEqual([first.machines[0]?.name]);
  });

  test("on another computer counts as alive until its deadline", async () => {
    const { clock, stored, names, settle, reap, store } = await killed();
    const [record] = stored.records() as [LeaseRecord];
    const holder = { pid: 1, started: "1", boot: "b", space: "s", host: "elsewhere" };
    await store().write({ ...record, holder });
    expect((await settle()).released).toEqual([]);
    expect((await reap()).kept).toMatchObject([
      { why: expect.stringMatching(/^may be in use by process 1 on elsewhere, until 20/) },
    ]);
    clock.advance(61 * MINUTE);
    expect((await reap()).removed).toMatchObject([{ why: "overdue" }]);
    expect([names(), stored.records()]).toEqual([[], []]);
  });

  test("of another run is ended by the start of any, but for the run's own", async () => {
    const { names, settle, stored } = await killed();
    expect((await settle("abc234")).released).toEqual([]);
    expect(names()).toHaveLength(1);
    expect((await settle("def567")).released).toMatchObject([{ run: "abc234", used: [{}] }]);
    expect([names(), stored.records()]).toEqual([[], []]);
  });

  test("that another process is just ending is left to it", async () => {
    const { settle, store, stored, names } = await killed();
    using _held = store().lock(stored.records()[0]?.id ?? "");
    expect(await settle()).toMatchObject({ released: [], unsettled: [] });
    expect(names()).toHaveLength(1);
  });
});

describe("a lease that cannot be ended", () => {
  test("of another account is told, since that account's listing proves nothing", async () => {
    const made = await killed(1, { account: "b" });
    const { stored, settle, store } = made;
    const [record] = stored.records() as [LeaseRecord];
    await store().write({ ...record, account: "a" });
    expect((await settle()).problems).toEqual([
      expect.stringMatching(/rented with the account a, and this token is of b.*\n.*machines reap/),
    ]);
    expect(stored.records()).toHaveLength(1);
    const { id } = record;
    const provider = made.cloud.provider("us");
    const removal = releaseLease({
      provider,
      store: store(),
      id,
      signal: never(),
      clock: made.clock,
    });
    await expect(removal).rejects.toThrow(/rented with the account a, and this token is of b/);
    expect(stored.records()).toHaveLength(1);
  });

  test("of a damaged or newer record is told by its path and stops no other", async () => {
    const { stored, settle, names } = await killed();
    stored.damage("damaged222", "{");
    stored.damage("newer22222", '{"version": 99}');
    const { problems, released } = await settle();
    expect(released).toHaveLength(1);
    expect(problems.join("\n")).toMatch(/\/state\/damaged222[\s\S]*\/state\/newer22222/);
    expect(names()).toEqual([]);
  });
});

/** Machines that do not answer the first time. */
function brokenOnce(indices: readonly number[]) {
  const [broken, whole] = [memoryReach({ broken: indices }), memoryReach()];
  let left = indices.length;
  const connect: typeof whole.connect = async (...words) =>
    await (left-- > 0 ? broken : whole).connect(...words);
  return { ...whole, connect };
}
