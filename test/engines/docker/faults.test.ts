import { readdir } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { dockerEngine } from "../../../src/engines/docker/docker.ts";
import { type Engine, EngineLostError } from "../../../src/engines/engine.ts";
import { type Daemon, startDaemon } from "../../lab/daemon.ts";
import { images, needing } from "../../lab/lab.ts";
import { newRun, record } from "../contract/bench.ts";
import { testSweep } from "../fixtures.ts";
import {
  cli,
  containersOf,
  daemonEnv,
  dockerBench,
  dockerEnv,
  remains,
  sweep,
} from "./fixtures.ts";

const found = await dockerEnv();
const env = found ?? {};
const asRoot = process.getuid?.() === 0;
const signal = new AbortController().signal;

describe.skipIf(found === null)(needing("a Docker daemon", "what somebody else does"), () => {
  const bench = dockerBench(found);

  test.each([
    ["a fresh container", false],
    ["a kept container", true],
  ])("%s that is removed is lost, and costs no retry", async (_, warm) => {
    const given = await bench.task("echo up; sleep 1000", { warm });
    const recorder = record();
    const running = bench.engine.run(given, recorder.hooks, signal);
    await recorder.saw("up");
    await cli(env, "rm", "--force", ...(await containersOf(env, given.id)));
    await expect(running).rejects.toThrow(EngineLostError);
    await bench.engine.available(signal);
    expect(await remains(env, given.run)).toEqual([]);
    // The worker goes on with the next one.
    const next = await bench.run("echo next", { warm, worker: given.worker, run: given.run });
    expect(next.log).toBe("next\n");
  });

  test("a container that is killed is a task that died of SIGKILL", async () => {
    const given = await bench.task("echo up; sleep 1000");
    const recorder = record();
    const running = bench.engine.run(given, recorder.hooks, signal);
    await recorder.saw("up");
    await cli(env, "kill", ...(await containersOf(env, given.id)));
    const { outcome, release } = await running;
    await release();
    expect(outcome).toMatchObject({ ended: "exited", exitCode: 137 });
  });

  test("an image that is gone: exit 3 with what to do", async () => {
    const tag = `sim-pipeline-test/${newRun()}`;
    await cli(env, "tag", images.busybox, `${tag}:base`);
    const container = await cli(env, "create", `${tag}:base`, "true");
    await cli(env, "commit", container, tag);
    await cli(env, "rm", container);
    await using engine = await dockerEngine({ env });
    await engine.prepare(testSweep({ image: tag }), signal);
    await cli(env, "image", "rm", tag, `${tag}:base`);
    const given = await bench.task("true");
    await expect(engine.run(given, record().hooks, signal)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/No such image.*removed/is),
    });
  });

  test("a network that is gone is made anew", async () => {
    const network = "bridge" as const;
    const first = await bench.run("echo one", { network });
    await cli(env, "network", "rm", `sim-pipeline-${first.task.run}`);
    const again = await bench.task("echo two", { network, run: first.task.run });
    await expect(bench.end(again)).rejects.toThrow(EngineLostError);
    const third = await bench.run("echo three", { network, run: first.task.run });
    expect(third.log).toBe("three\n");
  });
});

describe.skipIf(!asRoot)(
  needing("root, for a daemon of its own", "a daemon that goes away"),
  () => {
    let daemon: Daemon;
    let own: NodeJS.ProcessEnv;
    let engine: Engine;
    const bench = dockerBench(
      {},
      {
        make: async () => {
          daemon = await startDaemon();
          await daemon.loadImage(images.busybox);
          own = daemonEnv(daemon.host);
          engine = await dockerEngine({ env: own });
          return engine;
        },
        sweep,
      },
    );
    // The next test needs it, whatever came of this one.
    afterEach(async () => {
      await daemon.start();
    });
    afterAll(async () => {
      await daemon[Symbol.asyncDispose]();
    });

    const ENDS_WELL = "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done";
    const IGNORES = "trap '' TERM; echo up; while :; do sleep 0.05; done";
    const cases = [
      { kind: "fresh", how: "stopped, with a task that ends well", script: ENDS_WELL, end: "stop" },
      { kind: "fresh", how: "stopped, with a task that ignores it", script: IGNORES, end: "stop" },
      { kind: "fresh", how: "killed", script: "echo up; sleep 1000", end: "kill" },
      { kind: "warm", how: "stopped", script: IGNORES, end: "stop" },
      { kind: "warm", how: "killed", script: "echo up; sleep 1000", end: "kill" },
    ] as const;

    test.each(cases)(
      "$how: a $kind task is lost, and leaves nothing once the daemon is back",
      async ({ kind, script, end }) => {
        const warm = kind === "warm";
        const given = await bench.task(script, { warm });
        const recorder = record();
        const running = engine.run(given, recorder.hooks, signal);
        await recorder.saw("up");
        const lost = expect(running).rejects.toThrow(EngineLostError);
        await daemon[end]();
        await lost;

        const back = engine.available(signal);
        const impatient = engine.available(AbortSignal.timeout(200));
        await expect(impatient).rejects.toThrow();
        await daemon.start();
        await back;
        expect(await remains(own, given.run)).toEqual([]);
        expect((await bench.run("echo next", { warm, worker: given.worker })).log).toBe("next\n");
      },
    );

    test("what a killed orchestrator left, and the daemon then ended, is not taken for its own end", async () => {
      // It would be a success: asked to end, it says that all is well.
      const run = newRun();
      const label = (key: string, value: string) => ["--label", `sim-pipeline.${key}=${value}`];
      const container = await cli(
        own,
        ...["run", "--detach", "--init", "--network", "none"],
        ...[...label("run", run), ...label("task", "t1"), ...label("kind", "task")],
        ...[images.busybox, "sh", "-c", ENDS_WELL.replace("echo up", "touch /tmp/up")],
      );
      await cli(own, "exec", container, "sh", "-c", "until [ -e /tmp/up ]; do sleep 0.05; done");
      await daemon.stop();
      await daemon.start();
      expect(await cli(own, "inspect", "--format", "{{.State.ExitCode}}", container)).toBe("0");
      const recovered = await engine.recover(run, () => ({ output: bench.root, log: () => {} }));
      expect(recovered.map(({ task, outcome }) => ({ task, outcome }))).toEqual([
        { task: "t1", outcome: null },
      ]);
      expect(await remains(own, run)).toEqual([]);
    });

    test("a daemon that is gone for good does not keep the engine from ending", async () => {
      const other = await dockerEngine({ env: own });
      await other.prepare(sweep, signal);
      const given = await bench.task("echo up; sleep 1000");
      const recorder = record();
      const running = other.run(given, recorder.hooks, signal);
      const lost = expect(running).rejects.toThrow(EngineLostError);
      await recorder.saw("up");
      await daemon.kill();
      await lost;
      await other[Symbol.asyncDispose]();
      await daemon.start();
      for (const { release } of await engine.recover(given.run, () => null)) await release();
      expect(await remains(own, given.run)).toEqual([]);
    });
  },
);

describe.skipIf(!asRoot)(needing("root, for a daemon of its own", "a full disk"), () => {
  let daemon: Daemon;

  beforeAll(async () => {
    daemon = await startDaemon({ dataBytes: 24 * 2 ** 20 });
    await daemon.loadImage(images.busybox);
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
  });

  const bench = dockerBench(
    {},
    {
      make: () => dockerEngine({ env: daemonEnv(daemon.host) }),
      sweep,
    },
  );

  test("exit 3 with what to do, and nothing is left", async () => {
    const own = daemonEnv(daemon.host);
    const filler = await cli(own, "create", images.busybox, "sh", "-c", "cat /dev/zero > /fill");
    await cli(own, "start", "--attach", filler).catch(() => {});
    const given = await bench.task("true");
    await expect(bench.end(given)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/no space left on device.*docker system prune/is),
    });
    await cli(own, "rm", filler);
    expect(await remains(own, given.run)).toEqual([]);
    expect(await readdir(given.output)).toEqual([]);
  });
});
