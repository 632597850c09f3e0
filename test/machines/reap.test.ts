import { describe, expect, test } from "vitest";
import { leaseTags } from "../../src/machines/names.ts";
import { reap } from "../../src/machines/reap.ts";
import { MINUTE, never, world } from "./fixtures.ts";

const LEASE = { id: "somebodys2", run: "theirs", attempt: 1, minutes: 60 };

describe("a reap on a computer that rents nothing", () => {
  const onlyReap = async ({ cloud, clock }: ReturnType<typeof world>) =>
    await reap({ provider: cloud.provider("reaper"), store: null, signal: never(), clock });

  test("removes what outlived its deadline and leaves the rest alone", async () => {
    const made = world();
    const { cloud, clock, acquire, names } = made;
    await acquire({ minutes: 30 });
    const alive = await acquire({ minutes: 90 });
    clock.advance(40 * MINUTE);
    const report = await onlyReap(made);
    expect(report.removed).toMatchObject([{ run: "abc234", why: "overdue" }]);
    expect(report.kept).toMatchObject([
      { why: expect.stringMatching(/^another computer's lease, until 2026-01-01T/) },
    ]);
    expect(names()).toEqual([alive.machines[0]?.name]);
    expect(cloud.removals).toHaveLength(1);
  });

  test("removes a machine that its deadline has powered off, since it still costs", async () => {
    const made = world();
    await made.acquire({ minutes: 30 });
    made.clock.advance(30 * MINUTE);
    made.cloud.powerOff(made.names()[0] ?? "");
    expect((await onlyReap(made)).removed).toHaveLength(1);
    expect(made.names()).toEqual([]);
  });

  test.each([-60, 0, 60])(
    "judges by the provider's clock, which differs from ours by %i minutes",
    async (minutes) => {
      const made = world({ epoch: Date.now() + minutes * MINUTE });
      await made.acquire({ minutes: 30 });
      made.clock.advance(29 * MINUTE);
      expect((await onlyReap(made)).removed).toEqual([]);
      made.clock.advance(MINUTE);
      expect((await onlyReap(made)).removed).toHaveLength(1);
    },
  );

  test.each([
    { name: "database", tags: leaseTags(LEASE) },
    { name: "sim-somebodys3-0", tags: leaseTags(LEASE) },
    { name: "sim-somebodys2-0", tags: { lease: "somebodys2" } },
    { name: "sim-somebodys2-0", tags: { ...leaseTags(LEASE), minutes: "soon" } },
  ])("a tag of ours on a machine that is not ours: $name, $tags", async ({ name, tags }) => {
    const made = world();
    made.cloud.seed({ name, tags, owner: "stranger", created: 0 });
    const report = await onlyReap(made);
    expect(report.foreign).toMatchObject([{ name }]);
    expect([made.names(), made.cloud.calls.remove]).toEqual([[name], 0]);
  });

  test("a machine without our tag is not even seen", async () => {
    const made = world();
    made.cloud.seed({ name: "sim-somebodys2-0", tags: {}, owner: "stranger", created: 0 });
    const { removed, kept, foreign } = await onlyReap(made);
    expect([removed, kept, foreign]).toEqual([[], [], []]);
    expect(made.names()).toHaveLength(1);
  });

  test("says what is still listed when all patience is over", async () => {
    const made = world({ lag: { gone: 60 * MINUTE } });
    await made.acquire({ minutes: 30 });
    made.clock.advance(30 * MINUTE);
    const report = await onlyReap(made);
    expect(report.removed).toEqual([]);
    expect(report.overdue).toMatchObject([{ reason: "it is still listed" }]);
  });

  test("survives five minutes without an answer", async () => {
    const made = world();
    await made.acquire({ minutes: 30 });
    made.clock.advance(30 * MINUTE);
    const began = made.clock.now();
    for (const call of ["account", "now", "list", "remove"] as const) {
      made.cloud.fail({ call, nth: "all", when: "before", kind: "unavailable" });
    }
    const reaped = onlyReap(made);
    while (made.clock.now() - began < 5 * MINUTE) await new Promise(setImmediate);
    made.cloud.heal();
    expect((await reaped).removed).toHaveLength(1);
  });
});

describe("two users of one account", () => {
  test("a reap ends what dead processes of its own store left, and touches nobody else's", async () => {
    const us = world({ user: "us" });
    const them = world({ user: "them", shared: us });
    await us.acquire();
    await them.acquire({ run: "theirs" });
    us.stored.killAll();
    them.stored.killAll();
    const report = await us.reap();
    expect(report.removed).toMatchObject([{ run: "abc234", why: "abandoned" }]);
    expect(report.kept).toMatchObject([{ why: expect.stringMatching(/another computer's lease/) }]);
    expect(us.cloud.there().map(({ owner }) => owner)).toEqual(["them"]);
  });

  test("after their deadline anybody's reap removes everything, and each forgets his own", async () => {
    const us = world({ user: "us" });
    const them = world({ user: "them", shared: us });
    await us.acquire();
    const theirs = await them.acquire({ run: "theirs" });
    us.clock.advance(61 * MINUTE);
    await us.reap();
    expect([us.names(), us.stored.records()]).toEqual([[], []]);
    // Whoever held it learns that it is gone, and what it was used for.
    expect((await theirs.release(never())).used).toHaveLength(1);
    expect(them.stored.records()).toEqual([]);
  });
});

test("a lease that this store's reap ended while it was held is told as released", async () => {
  const { clock, acquire, reap: ours, stored } = world();
  const lease = await acquire();
  clock.advance(61 * MINUTE);
  await ours();
  expect(stored.records()).toEqual([]);
  expect((await lease.release(never())).used).toHaveLength(1);
});
