import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ResumeMode } from "../../src/run/reconcile.ts";
import { parametersOf, pointsOf, read, runFake, temporaryFolder } from "./harness.ts";

/** Writes the seed as the point's output. */
const seeds = (list: readonly number[], more: object = {}) => ({
  parameters: { seed: list },
  ...more,
});
const writeSeed = (task: Parameters<typeof parametersOf>[0]) => ({
  files: { seed: `${parametersOf(task).seed}` },
  log: `seed ${parametersOf(task).seed}\n`,
});

describe("a second run", () => {
  test("of the same sweep runs nothing", async () => {
    const out = temporaryFolder();
    await runFake(out, seeds([1, 2]), writeSeed);
    const { engine, points, summary } = await runFake(out, seeds([1, 2]), writeSeed);
    expect(engine.tasks).toEqual([]);
    expect(points).toEqual(["seed=1 succeeded 1 cached", "seed=2 succeeded 1 cached"]);
    expect(summary.cached).toBe(2);
  });

  test("takes away the report of the first, which nobody shall take for its own", async () => {
    const out = temporaryFolder();
    await runFake(out, seeds([1]), writeSeed);
    writeFileSync(join(out, "report.html"), "of one point");
    await runFake(out, seeds([1, 2]), () => ({ hangs: true }), { signal: AbortSignal.abort() });
    expect(existsSync(join(out, "report.html"))).toBe(false);
  });

  test("of more points runs the new ones, wherever they stand", async () => {
    const out = temporaryFolder();
    await runFake(out, seeds([2, 4]), writeSeed);
    const { engine } = await runFake(out, seeds([1, 2, 3, 4]), writeSeed);
    expect(engine.tasks.map((task) => parametersOf(task).seed)).toEqual([1, 3]);
  });

  test("of fewer points keeps the others' results for later", async () => {
    const out = temporaryFolder();
    await runFake(out, seeds([1, 2, 3]), writeSeed);
    expect((await runFake(out, seeds([2]), writeSeed)).points).toEqual([
      "seed=2 succeeded 1 cached",
    ]);
    const { engine } = await runFake(out, seeds([3, 2, 1]), writeSeed);
    expect(engine.tasks).toEqual([]);
    expect(read(out, "points/seed=1/seed")).toBe("1");
  });

  test("moves renamed points with their logs instead of running them", async () => {
    const out = temporaryFolder();
    await runFake(out, seeds([1, 2]), writeSeed);
    const { engine } = await runFake(
      out,
      seeds([1, 2], { "point-name": "n{{ seed:03d }}" }),
      writeSeed,
    );
    expect(engine.tasks).toEqual([]);
    expect(read(out, "points/n002/seed")).toBe("2");
    expect(read(out, "logs/n002/1.txt")).toBe("seed 2\n");
    expect(existsSync(join(out, "points/seed=2"))).toBe(false);
    expect(existsSync(join(out, "logs/seed=2"))).toBe(false);
  });

  test("swaps names without losing either", async () => {
    const out = temporaryFolder();
    await runFake(out, seeds([1, 2], { "point-name": "p{{ point.index }}" }), writeSeed);
    const { engine } = await runFake(
      out,
      seeds([2, 1], { "point-name": "p{{ point.index }}" }),
      writeSeed,
    );
    expect(engine.tasks).toEqual([]);
    expect(read(out, "points/p0/seed")).toBe("2");
    expect(read(out, "points/p1/seed")).toBe("1");
    expect(read(out, "logs/p0/1.txt")).toBe("seed 2\n");
  });

  test("with another command runs all, and going back finds the old results", async () => {
    const out = temporaryFolder();
    const old = seeds([1, 2], { command: ["old"] });
    const now = seeds([1, 2], { command: ["new"] });
    const write = (text: string) => () => ({ files: { text }, log: text });
    await runFake(out, old, write("old"));
    expect((await runFake(out, now, write("new"))).engine.tasks).toHaveLength(2);
    expect(read(out, "points/seed=1/text")).toBe("new");
    expect((await runFake(out, old, write("again"))).engine.tasks).toHaveLength(0);
    expect(read(out, "points/seed=1/text")).toBe("old");
    expect(read(out, "logs/seed=1/1.txt")).toBe("old");
    expect((await runFake(out, now, write("again"))).engine.tasks).toHaveLength(0);
    expect(read(out, "points/seed=1/text")).toBe("new");
  });

  test.each([
    { title: "are gone", damage: (out: string) => rmSync(join(out, "points/seed=1/seed")) },
    {
      title: "have another size",
      damage: (out: string) => writeFileSync(join(out, "points/seed=1/seed"), "longer"),
    },
  ])("runs points again whose outputs $title, and says so", async ({ damage }) => {
    const out = temporaryFolder();
    await runFake(out, seeds([1, 2]), writeSeed);
    damage(out);
    const { engine, events } = await runFake(out, seeds([1, 2]), writeSeed);
    expect(engine.tasks.map((task) => parametersOf(task).seed)).toEqual([1]);
    expect(read(out, "points/seed=1/seed")).toBe("1");
    expect(JSON.stringify(events)).toContain("1 finished points run again");
  });

  test("finds outputs of the same size but other content with verify only", async () => {
    const out = temporaryFolder();
    await runFake(out, seeds([1, 2]), writeSeed);
    writeFileSync(join(out, "points/seed=1/seed"), "9");
    expect((await runFake(out, seeds([1, 2]), writeSeed)).engine.tasks).toHaveLength(0);
    const { engine } = await runFake(out, seeds([1, 2]), writeSeed, { verify: true });
    expect(engine.tasks).toHaveLength(1);
  });
});

describe("what an unsuccessful point left", () => {
  const fails = { exitCode: 1, files: { bad: "" }, log: "oops" };
  const other = (list: readonly number[]) => seeds(list, { command: ["other"] });

  test.each([
    { title: "the next sweep", plans: [] },
    { title: "a sweep after one without it", plans: [[1]] },
  ])("is not taken for that of a point with its name in $title", async ({ plans }) => {
    const out = temporaryFolder();
    await runFake(out, seeds([1, 2]), () => fails);
    for (const plan of plans) await runFake(out, seeds(plan), () => fails);
    const { summary } = await runFake(out, other([1, 2]), () => ({ exitCode: 3 }));
    expect(summary.failures.map(({ log, lastLines }) => [log, lastLines])).toEqual([
      [null, []],
      [null, []],
    ]);
    expect(existsSync(join(out, "logs/seed=2"))).toBe(false);
    expect(existsSync(join(out, "failed/seed=2/bad"))).toBe(false);
  });

  test("is under its new name when it is renamed, whoever has its old one", async () => {
    const out = temporaryFolder();
    const named = (list: readonly number[]) => seeds(list, { "point-name": "p{{ point.index }}" });
    await runFake(out, named([1, 2]), (task) => ({ ...fails, log: `${parametersOf(task).seed}` }));
    await runFake(out, named([3, 1, 2]), () => ({ hangs: true }), { signal: AbortSignal.abort() });
    expect(existsSync(join(out, "logs/p0"))).toBe(false);
    expect(read(out, "logs/p1/1.txt")).toBe("1");
    expect(read(out, "logs/p2/1.txt")).toBe("2");
    expect(existsSync(join(out, "failed/p2/bad"))).toBe(true);
  });

  test("counts when the point comes back after a sweep without it", async () => {
    const out = temporaryFolder();
    await runFake(out, seeds([1, 2]), () => fails);
    await runFake(out, seeds([1]), () => fails);
    const { points } = await runFake(out, seeds([1, 2]), writeSeed);
    expect(points).toEqual(["seed=1 succeeded 3", "seed=2 succeeded 2"]);
    expect(read(out, "logs/seed=2/2.txt")).toBe("seed 2\n");
  });

  test("does not lie beside outputs of an earlier success", async () => {
    const out = temporaryFolder();
    await runFake(out, seeds([1]), writeSeed);
    await runFake(out, seeds([1]), () => fails, { mode: "off" });
    expect(existsSync(join(out, "points/seed=1"))).toBe(false);
    expect(existsSync(join(out, "failed/seed=1/bad"))).toBe(true);
  });
});

describe("resume modes", () => {
  // Of four points one succeeded, one failed, one was cancelled, one never started.
  async function unfinished(out: string): Promise<void> {
    const controller = new AbortController();
    await runFake(
      out,
      seeds([1, 2, 3, 4]),
      (task) => {
        const { seed } = parametersOf(task);
        if (seed === 3) controller.abort("SIGTERM");
        return seed === 2 ? { exitCode: 1 } : seed === 3 ? { hangs: true } : {};
      },
      { signal: controller.signal },
    );
    expect(pointsOf(out).map((point) => point.split(" ")[1])).toEqual([
      "succeeded",
      "failed",
      "cancelled",
      "pending",
    ]);
  }

  const cases: { mode: ResumeMode; run: number[] }[] = [
    { mode: "auto", run: [2, 3, 4] },
    { mode: "failed", run: [2] },
    { mode: "missing", run: [3, 4] },
    { mode: "off", run: [1, 2, 3, 4] },
  ];
  test.each(cases)("$mode runs $run", async ({ mode, run }) => {
    const out = temporaryFolder();
    await unfinished(out);
    const { engine } = await runFake(out, seeds([1, 2, 3, 4]), () => ({}), { mode });
    expect(engine.tasks.map((task) => parametersOf(task).seed)).toEqual(run);
  });
});

describe("--reuse", () => {
  test("takes the results of another folder by key, and runs the rest", async () => {
    const [first, second] = [temporaryFolder(), temporaryFolder()];
    await runFake(first, seeds([1, 2]), writeSeed);
    const { engine, points, summary } = await runFake(second, seeds([2, 3]), writeSeed, {
      reuse: [first],
    });
    expect(engine.tasks.map((task) => parametersOf(task).seed)).toEqual([3]);
    expect(points).toEqual(["seed=2 succeeded 1 cached", "seed=3 succeeded 1"]);
    expect(read(second, "points/seed=2/seed")).toBe("2");
    expect(read(second, "logs/seed=2/1.txt")).toBe("seed 2\n");
    expect(read(first, "points/seed=2/seed")).toBe("2");
    expect(summary.cached).toBe(1);
  });

  test("ends a point that had failed here, and leaves no failed outputs", async () => {
    const [first, second] = [temporaryFolder(), temporaryFolder()];
    await runFake(first, seeds([1]), writeSeed);
    await runFake(second, seeds([1]), () => ({ exitCode: 1, files: { bad: "" }, log: "oops" }));
    const { points } = await runFake(second, seeds([1]), writeSeed, { reuse: [first] });
    expect(points).toEqual(["seed=1 succeeded 1 cached"]);
    expect(existsSync(join(second, "failed/seed=1"))).toBe(false);
    expect(read(second, "points/seed=1/seed")).toBe("1");
    expect(read(second, "logs/seed=1/1.txt")).toBe("oops");
  });
});
