import { existsSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ReportedError } from "../../src/sweep/errors.ts";
import type { Play } from "./fake-engine.ts";
import { parametersOf, pointsOf, read, runFake, temporaryFolder } from "./harness.ts";

const THREE = { parameters: { seed: [1, 2, 3] } };

describe("a run of points that succeed", () => {
  test("runs each once, in order, with its parameters", async () => {
    const out = temporaryFolder();
    const { points, engine, summary } = await runFake(out, THREE, (task) => ({
      files: { "out.txt": `${parametersOf(task).seed}` },
      log: "hello\n",
    }));
    expect(points).toEqual(["seed=1 succeeded 1", "seed=2 succeeded 1", "seed=3 succeeded 1"]);
    expect(engine.tasks.map(({ points }) => points)).toEqual([[0], [1], [2]]);
    expect(read(out, "points/seed=2/out.txt")).toBe("2");
    expect(read(out, "logs/seed=2/1.txt")).toBe("hello\n");
    expect(summary.counts.succeeded).toBe(3);
    expect(summary.interrupted).toBeNull();
    expect(existsSync(`${out}/staging`)).toBe(false);
  });

  test("tells no secret of theirs in metrics", async () => {
    const out = temporaryFolder();
    await runFake(
      out,
      { parameters: { seed: [1] }, secrets: ["KEY"] },
      () => ({
        files: { "result.json": '{"said": "the key is t0p-secret", "n": 1, "t0p-secret": 2}' },
      }),
      { secrets: { KEY: "t0p-secret" } },
    );
    const [row] = read(out, "results.jsonl").trim().split("\n");
    expect(JSON.parse(row ?? "")).toMatchObject({ said: "the key is ***", n: 1, "***": 2 });
  });

  test.each([1, 2, 5])("uses %i workers and no more", async (workers) => {
    let waiting: (() => void)[] = [];
    const { engine } = await runFake(
      temporaryFolder(),
      { parameters: { seed: { range: "1-20" } }, workers },
      async () => {
        // Everybody waits until as many as may run at once are there.
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.push(resolve);
        if (waiting.length === workers) {
          for (const go of waiting) go();
          waiting = [];
        }
        await promise;
        return {};
      },
    );
    expect(engine.most()).toBe(workers);
  });

  test("tells every start and end once", async () => {
    const { events } = await runFake(temporaryFolder(), THREE);
    expect(events.map(({ type }) => type)).toEqual([
      "planned",
      ...["started", "ended", "started", "ended", "started", "ended"],
    ]);
  });
});

describe("how an attempt ends", () => {
  const cases: { title: string; play: Play; sweep?: object; status: string; reason: string }[] = [
    { title: "an exit code", play: { exitCode: 3 }, status: "failed", reason: "exit code 3" },
    {
      title: "no memory left",
      play: { ended: "oom" },
      status: "oom",
      reason: "killed for using more memory than its limit",
    },
    {
      title: "a required output that is missing",
      play: { files: { "a.txt": "" } },
      sweep: { outputs: ["*.png"] },
      status: "failed",
      reason: "no output matches *.png",
    },
    {
      title: "a nested metric",
      play: { files: { "result.json": '{"a": {"b": 1}}' } },
      status: "failed",
      reason: "result.json",
    },
    {
      title: "a timeout",
      play: { hangs: true },
      sweep: { timeout: "10ms" },
      status: "timed-out",
      reason: "ran longer than 0.01 s",
    },
  ];
  test.each(cases)("$title: $status", async ({ play, sweep, status, reason }) => {
    const { summary, points } = await runFake(
      temporaryFolder(),
      { parameters: { seed: [1] }, ...sweep },
      () => play,
    );
    expect(points).toEqual([`seed=1 ${status} 1`]);
    expect(summary.failures).toHaveLength(1);
    expect(summary.failures[0]?.reason ?? "").toContain(reason);
  });

  test("a failed point's outputs and last log lines are kept", async () => {
    const out = temporaryFolder();
    const { summary } = await runFake(out, { parameters: { seed: [1] } }, () => ({
      exitCode: 1,
      files: { "partial.txt": "half" },
      log: "one\ntwo\n",
    }));
    expect(read(out, "failed/seed=1/partial.txt")).toBe("half");
    expect(existsSync(`${out}/points/seed=1`)).toBe(false);
    expect(summary.failures[0]?.lastLines).toEqual(["one", "two"]);
  });

  test("a later success removes the failed outputs", async () => {
    const out = temporaryFolder();
    await runFake(out, { parameters: { seed: [1] } }, () => ({ exitCode: 1, files: { a: "" } }));
    await runFake(out, { parameters: { seed: [1] } });
    expect(readdirSync(`${out}/failed`)).toEqual([]);
    expect(pointsOf(out)).toEqual(["seed=1 succeeded 2"]);
  });
});

describe("retries", () => {
  const cases: {
    title: string;
    retries: object;
    plays: Play[];
    point: string;
  }[] = [
    { title: "none by default", retries: {}, plays: [{ exitCode: 1 }], point: "failed 1" },
    {
      title: "up to max, then failed",
      retries: { max: 2 },
      plays: [{ exitCode: 1 }, { exitCode: 1 }, { exitCode: 1 }],
      point: "failed 3",
    },
    {
      title: "until it succeeds",
      retries: { max: 5 },
      plays: [{ exitCode: 1 }, { ended: "oom" }, {}],
      point: "succeeded 3",
    },
    {
      title: "only on the named statuses",
      retries: { max: 5, on: ["oom"] },
      plays: [{ ended: "oom" }, { exitCode: 1 }],
      point: "failed 2",
    },
    {
      title: "a lost daemon costs none",
      retries: {},
      plays: [{ lost: true }, { lost: true }, {}],
      point: "succeeded 3",
    },
    {
      title: "the fifth loss is the last",
      retries: { max: 9 },
      plays: Array.from({ length: 5 }, () => ({ lost: true })),
      point: "lost 5",
    },
  ];
  test.each(cases)("$title", async ({ retries, plays, point }) => {
    const left = [...plays];
    const { points, engine } = await runFake(
      temporaryFolder(),
      { parameters: { seed: [1] }, retries },
      () => left.shift() ?? { throws: new Error("one attempt too many") },
    );
    expect(points).toEqual([`seed=1 ${point}`]);
    expect(engine.tasks.map(({ attempt }) => attempt)).toEqual(plays.map((_, i) => i + 1));
  });

  test("the memory limit grows after each oom", async () => {
    const { engine } = await runFake(
      temporaryFolder(),
      {
        parameters: { seed: [1] },
        resources: { memory: "100Mi" },
        retries: { max: 2, on: ["oom"], "memory-factor": 1.5 },
      },
      () => ({ ended: "oom" }),
    );
    const MiB = 2 ** 20;
    expect(engine.tasks.map(({ resources }) => resources.memory)).toEqual([
      100 * MiB,
      150 * MiB,
      225 * MiB,
    ]);
  });

  test("an outage pauses once for all workers, and tells", async () => {
    const lost = new Set<unknown>();
    const { events, points } = await runFake(
      temporaryFolder(),
      { parameters: { seed: [1, 2, 3, 4] }, workers: 2 },
      (task) => {
        const { seed } = parametersOf(task);
        if (lost.has(seed) || Number(seed) > 2) return {};
        lost.add(seed);
        return { lost: true };
      },
    );
    expect(points.every((point) => point.includes("succeeded"))).toBe(true);
    expect(events.filter(({ type }) => type === "paused")).toHaveLength(1);
    expect(events.filter(({ type }) => type === "resumed")).toHaveLength(1);
  });

  test("machines that are away pause the run until the last is back, and no task runs again", async () => {
    const { events, points } = await runFake(
      temporaryFolder(),
      { parameters: { seed: [1, 2] }, workers: 2 },
      () => ({ away: true }),
    );
    expect(points).toEqual(["seed=1 succeeded 1", "seed=2 succeeded 1"]);
    const pauses = events.filter(({ type }) => type === "paused" || type === "resumed");
    expect(pauses).toEqual([
      { type: "paused", reason: "the connection broke" },
      { type: "resumed" },
    ]);
  });
});

describe("on-failure", () => {
  const failing = { parameters: { seed: { range: "1-6" } } };
  const cases = [
    { rule: "continue", ended: 6 },
    { rule: "stop", ended: 1 },
    { rule: { "stop-after": 3 }, ended: 3 },
  ];
  test.each(cases)(
    "$rule: $ended points are tried, the rest stays pending",
    async ({ rule, ended }) => {
      const { summary } = await runFake(
        temporaryFolder(),
        { ...failing, "on-failure": rule },
        () => ({ exitCode: 1 }),
      );
      expect(summary.counts.failed).toBe(ended);
      expect(summary.counts.pending).toBe(6 - ended);
      expect(summary.stopped === null).toBe(ended === 6);
    },
  );

  test("counts points that were lost for good", async () => {
    const { summary } = await runFake(
      temporaryFolder(),
      { ...failing, "on-failure": "stop" },
      () => ({ lost: true }),
    );
    expect(summary.counts).toMatchObject({ lost: 1, pending: 5 });
    expect(summary.stopped).toMatch(/on-failure/);
  });
});

describe("the end before the end", () => {
  test("a signal cancels what runs and starts nothing more; the next run completes", async () => {
    const out = temporaryFolder();
    const controller = new AbortController();
    const { summary, points } = await runFake(
      out,
      THREE,
      (task) => {
        if (parametersOf(task).seed !== 2) return {};
        controller.abort("SIGINT");
        return { hangs: true };
      },
      { signal: controller.signal },
    );
    expect(summary.interrupted).toBe("SIGINT");
    expect(points).toEqual(["seed=1 succeeded 1", "seed=2 cancelled 1", "seed=3 pending 0"]);
    const again = await runFake(out, THREE);
    expect(again.points).toEqual([
      "seed=1 succeeded 1 cached",
      "seed=2 succeeded 2",
      "seed=3 succeeded 1",
    ]);
  });

  test("what refuses every task ends the run with that error, others are ended", async () => {
    const out = temporaryFolder();
    const refusal = new ReportedError(3, "the disk is full");
    const run = runFake(out, { ...THREE, workers: 2 }, (task) =>
      parametersOf(task).seed === 2 ? { throws: refusal } : { hangs: true },
    );
    await expect(run).rejects.toBe(refusal);
    expect((await runFake(out, THREE)).points).toEqual([
      "seed=1 succeeded 2",
      "seed=2 succeeded 2",
      "seed=3 succeeded 1",
    ]);
  });
});
