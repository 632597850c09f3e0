import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Task } from "../../../src/engines/engine.ts";
import { needing } from "../../lab/lab.ts";
import { newRun, record } from "../contract/bench.ts";
import { cli, containersOf, dockerBench, dockerEnv, remains, tlsEnv } from "./fixtures.ts";

const daemons = [
  { daemon: "a Docker daemon", env: await dockerEnv() },
  { daemon: "a Docker daemon behind TLS", env: await tlsEnv() },
];

describe.each(daemons)("recovery", ({ daemon, env: maybe }) => {
  const env = maybe ?? {};
  describe.skipIf(maybe === null)(needing(daemon, "of what a killed orchestrator left"), () => {
    const bench = dockerBench(maybe);

    /** Leaves a task to end without an orchestrator, and gives what a recovery makes of it. */
    async function recovered(script: string, changes: Partial<Task> = {}) {
      const given = await bench.task(script, changes);
      await bench.orphan([given]);
      await cli(env, "wait", ...(await containersOf(env, given.id)));
      return await recover(given);
    }

    async function recover(given: Task) {
      const output = join(bench.root, `${given.id}-recovered`);
      await mkdir(output);
      const recorder = record();
      const [first, ...more] = await bench.engine.recover(given.run, () => ({
        ...{ output, log: recorder.hooks.log },
      }));
      expect(more).toEqual([]);
      await first?.release();
      expect(await remains(env, given.run)).toEqual([]);
      return { outcome: first?.outcome, output, log: recorder.text() };
    }

    test("a success, with how long it took", async () => {
      const script = 'echo up; sleep 1.2; echo kept > "$SIM_OUTPUT/kept"';
      const { outcome, output, log } = await recovered(script);
      expect(outcome).toMatchObject({ ended: "exited", exitCode: 0, detail: null });
      expect(outcome?.seconds).toBeGreaterThan(1);
      expect(outcome?.seconds).toBeLessThan(20);
      expect(await readFile(join(output, "kept"), "utf8")).toBe("kept\n");
      expect(log).toBe("up\n");
    });

    test("into the very folder that it wrote to", async () => {
      const given = await bench.task('echo up; sleep 0.5; echo kept > "$SIM_OUTPUT/kept"');
      await bench.orphan([given]);
      await cli(env, "wait", ...(await containersOf(env, given.id)));
      const [first] = await bench.engine.recover(given.run, () => ({
        ...{ output: given.output, log: () => {} },
      }));
      await first?.release();
      expect(await readdir(given.output)).toEqual(["kept"]);
    });

    test("a death for memory", async () => {
      const { outcome } = await recovered(
        "echo up; sleep 0.5; dd if=/dev/zero of=/dev/null bs=200M count=1; exit $?",
        { resources: { cpus: null, memory: 48 * 2 ** 20, gpus: 0 } },
      );
      expect(outcome).toMatchObject({ ended: "oom", exitCode: null });
    });

    test.each([
      ["SIGKILL", "kill -9 $$", 137],
      ["SIGTERM", "kill -15 $$", 143],
    ])("a death of %s, which its daemon may have sent, is to run again", async (_, kill) => {
      const { outcome } = await recovered(`echo up; sleep 0.5; sh -c '${kill}'; exit $?`);
      expect(outcome).toBeNull();
    });

    test("a task that was told to end, and did so well, is to run again", async () => {
      // As in an interruption: it got SIGTERM, and then the orchestrator was killed.
      const given = await bench.task(
        `trap 'echo half > "$SIM_OUTPUT/half"; exit 0' TERM; echo up; while :; do sleep 0.05; done`,
      );
      await bench.orphan([given]);
      const [container = ""] = await containersOf(env, given.id);
      await cli(env, "rename", container, `sim-pipeline-stopped-${container.slice(0, 12)}`);
      await cli(env, "kill", "--signal", "TERM", container);
      await cli(env, "wait", container);
      expect((await recover(given)).outcome).toBeNull();
    });

    test("a container that was created and never started is removed", async () => {
      const run = newRun();
      const label = (key: string, value: string) => ["--label", `sim-pipeline.${key}=${value}`];
      await cli(
        env,
        ...["create", ...label("run", run), ...label("task", "t1"), ...label("kind", "task")],
        ...["--network", "none", "busybox:stable", "true"],
      );
      const found = await bench.engine.recover(run, () => ({ output: bench.root, log: () => {} }));
      expect(found.map(({ task, outcome }) => ({ task, outcome }))).toEqual([
        { task: "t1", outcome: null },
      ]);
      expect(await remains(env, run)).toEqual([]);
    });

    test("a paused one is ended", async () => {
      const given = await bench.task("echo up; sleep 1000");
      await bench.orphan([given]);
      await cli(env, "pause", ...(await containersOf(env, given.id)));
      expect((await recover(given)).outcome).toBeNull();
    });

    test("its log is whole although the task had been followed for a part of it", async () => {
      const { log } = await recovered("echo up; sleep 0.5; seq 20000; echo error >&2; printf end");
      const numbers = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join("");
      // The daemon keeps the order of each of the two channels, not that between them.
      expect(log.replace("error\n", "")).toBe(`up\n${numbers}end`);
      expect(log).toContain("error\n");
    });
  });
});
