/** The laws of src/engines/engine.ts as one suite that every engine is run through. */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { getEventListeners, once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  Engine,
  Finished,
  Outcome,
  Probe,
  Task,
  TaskHooks,
} from "../../src/engines/engine.ts";
import type { Sweep } from "../../src/sweep/sweep.ts";
import { orchestratorEvent } from "./fixtures.ts";

/**
 * What the suite needs to know of an engine. Tasks are shell scripts that a busybox and a desktop
 * both run: their entrypoint is `sh -c`, and `sweep.process` must be the same.
 */
export interface ContractOptions {
  /** What is absent, as "a Docker daemon": the suite is then skipped by this name. */
  readonly missing: string | null;
  /** A fresh engine; the suite disposes of it. */
  make(): Promise<Engine>;
  /** Passed to `prepare`. Of the same `sh -c` as the tasks where it names a process. */
  readonly sweep: Sweep;
  /** Changes to every task, as `{ warm: true }`. */
  readonly task?: Partial<Task>;
  /**
   * A script that calls `orchestrate(make, sweep)` of fixtures.ts: the suite starts it with Node
   * and kills it with SIGKILL.
   */
  readonly orchestrator: string;
  /** Its environment, where it is not this process's. */
  readonly orchestratorEnv?: NodeJS.ProcessEnv;
  /** What is left of a run (containers, processes), found without the engine's own code. */
  remains(run: string): Promise<string[]>;
  readonly capabilities: {
    /** The reason where a task can write its inputs; null where they are read-only. */
    readonly writableInputs: string | null;
    /** The outcome holds CPU seconds (`always`), or null for some tasks. */
    readonly cpuSeconds: "always" | "sometimes";
    readonly peakMemory: "always" | "sometimes";
    /** Kills at `resources.memory` and tells such a death apart. */
    readonly memoryLimit: boolean;
    /**
     * Keeps what ended while no orchestrator lived. `ended` resolves once this task has, asked
     * without the engine's own code. Null: whatever was under way must run again.
     */
    readonly adopts: { ended(task: Task): Promise<void> } | null;
  };
}

const INTERRUPTIBLE = `trap 'echo bye > "$SIM_OUTPUT/bye"; exit 0' TERM; echo up; while :; do sleep 0.05; done`;
const STUBBORN = `trap '' TERM; echo up; while :; do sleep 0.05; done`;
const BUSY = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
/** A child, a child in its own session, and a grandchild whose parent has gone. */
const LEAVES_CHILDREN =
  "sleep 1000 & setsid sleep 1000 & (setsid sh -c 'setsid sleep 1000 & sleep 1000' &) ; echo up";

export function engineContract(name: string, options: ContractOptions): void {
  const { capabilities } = options;
  const title = options.missing === null ? name : `${name} (needs ${options.missing})`;
  describe.skipIf(options.missing !== null)(title, () => {
    let engine: Engine;
    let root: string;

    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), "sim-contract-"));
      await chmod(root, 0o755);
      engine = await options.make();
      await engine.prepare(options.sweep, new AbortController().signal);
    });

    afterAll(async () => {
      await engine[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    });

    let worker = 0;
    async function task(script: string, changes: Partial<Task> = {}): Promise<Task> {
      const id = `t${randomBytes(6).toString("hex")}`;
      const folder = join(root, id);
      const output = join(folder, "output");
      const scratch = join(folder, "scratch");
      await mkdir(output, { recursive: true });
      await mkdir(scratch);
      const seen = engine.view({ output, input: join(scratch, "input") });
      worker = (worker + 1) % 64;
      return {
        run: newRun(),
        id,
        points: [0],
        attempt: 1,
        worker,
        warm: false,
        output,
        scratch,
        entrypoint: ["sh", "-c"],
        command: [script],
        secrets: {},
        mounts: [],
        resources: { cpus: null, memory: null, gpus: 0 },
        platform: null,
        user: "host",
        network: "none",
        grace: 5_000,
        ...options.task,
        ...changes,
        env: { SIM_OUTPUT: seen.output, SIM_INPUT: seen.input, SIM_POINT: "{}", ...changes.env },
      };
    }

    /** Runs a task to its end and releases it. */
    async function end(given: Task): Promise<{ outcome: Outcome; log: string }> {
      const recorder = record();
      const finished = await engine.run(given, recorder.hooks, new AbortController().signal);
      await finished.release();
      return { outcome: finished.outcome, log: recorder.text() };
    }

    async function run(script: string, changes: Partial<Task> = {}) {
      const given = await task(script, changes);
      return { ...(await end(given)), task: given };
    }

    describe("capacity and preparation", () => {
      test("capacity is what a machine has", async () => {
        const capacity = await engine.capacity();
        expect(capacity.cpus).toBeGreaterThan(0);
        expect(capacity.memory).toBeGreaterThan(2 ** 20);
        expect(capacity.platform).toMatch(/^[a-z0-9]+\/[a-z0-9]+/);
      });

      test("preparing the same sweep again gives the same identity", async () => {
        const signal = new AbortController().signal;
        const first = await engine.prepare(options.sweep, signal);
        expect(first.identity).toMatch(/^sha256:[0-9a-f]{64}$/);
        expect(first.label).not.toBe("");
        expect(await engine.prepare(options.sweep, signal)).toEqual(first);
      });

      test("an engine that works is available", async () => {
        await engine.available(new AbortController().signal);
      });
    });

    describe("what a task is given", () => {
      test("words reach it as they are", async () => {
        const words = ["a b", "", "$HOME", "*", "it's", 'a "quote"', "line\nbreak", "héé 🙂", "-n"];
        const script = `for word in "$@"; do printf '[%s]' "$word"; done`;
        const { log } = await run(script, { command: [script, "sh", ...words] });
        expect(log).toBe(words.map((word) => `[${word}]`).join(""));
      });

      test("its environment is the task's, values as they are", async () => {
        const env = { PLAIN: "x=1", SPACES: " a  b ", QUOTES: `'"\\$`, LINES: "1\n2", EMPTY: "" };
        const script = Object.keys(env)
          .map((key) => `printf '%s=[%s];' ${key} "$${key}"`)
          .join("; ");
        const { log } = await run(`${script}; printf '%s' "$SIM_POINT"`, { env });
        const expected = Object.entries(env).map(([key, value]) => `${key}=[${value}];`);
        expect(log).toBe(`${expected.join("")}{}`);
      });

      test("the orchestrator's environment is not in it", async () => {
        process.env.SIM_CONTRACT_TOKEN = "hush-a-token";
        try {
          const { log } = await run("env");
          expect(log).not.toContain("hush-a-token");
        } finally {
          delete process.env.SIM_CONTRACT_TOKEN;
        }
      });

      test("HOME is a writable folder", async () => {
        const { outcome, log } = await run('echo kept > "$HOME/file" && cat "$HOME/file"');
        expect(log).toBe("kept\n");
        expect(outcome.exitCode).toBe(0);
      });

      test("its stdin is empty", async () => {
        expect((await run("cat; echo end")).log).toBe("end\n");
      });

      test("inputs and templates lie where SIM_INPUT says", async () => {
        const file = join(root, "an input: file.csv");
        const folder = join(root, "inputs");
        const template = join(root, "rendered.json");
        await writeFile(file, "from a file\n");
        await mkdir(join(folder, "sub"), { recursive: true });
        await writeFile(join(folder, "sub", "deep.txt"), "from a folder\n");
        await writeFile(template, "rendered\n");
        const script = `cd "$SIM_INPUT" && cat in.csv many/sub/deep.txt a/config.json`;
        const { log } = await run(script, {
          mounts: [
            { source: file, target: "/mnt/input/in.csv", perTask: false },
            { source: folder, target: "/mnt/input/many", perTask: false },
            { source: template, target: "/mnt/input/a/config.json", perTask: true },
          ],
        });
        expect(log).toBe("from a file\nfrom a folder\nrendered\n");
      });

      const writable = capabilities.writableInputs;
      test.skipIf(writable !== null)(
        writable === null ? "inputs are read-only" : `inputs are read-only (not here: ${writable})`,
        async () => {
          const file = join(root, "precious.csv");
          await writeFile(file, "precious", { mode: 0o666 });
          const { log } = await run(`echo spoilt > "$SIM_INPUT/in.csv" || echo refused`, {
            mounts: [{ source: file, target: "/mnt/input/in.csv", perTask: false }],
          });
          expect(log).toContain("refused");
          expect(await readFile(file, "utf8")).toBe("precious");
        },
      );

      test("secrets are files, not environment, and gone after release", async () => {
        const secrets = { LICENSE_KEY: "hush-hush\nsecond line", OTHER: "hush-other" };
        const given = await task(
          'cd /run/secrets; cd "$SIM_SECRETS"; for file in *; do cat "$file"; echo "|"; done; env',
          { secrets },
        );
        const { log } = await end(given);
        expect(log).toContain("hush-hush\nsecond line|\n");
        expect(log).toContain("hush-other|\n");
        expect(log.split("hush-hush")).toHaveLength(2);
        expect(await textsBelow(join(given.scratch, ".."))).not.toContain("hush");
      });
    });

    describe("what comes back", () => {
      test("outputs are complete when the run resolves", async () => {
        const given = await task(
          `cd "$SIM_OUTPUT" && mkdir -p a/b && echo deep > a/b/deep.txt && : > empty &&
           head -c 3000000 /dev/zero > big && echo '{"x":1}' > result.json`,
        );
        const hooks = record().hooks;
        const finished = await engine.run(given, hooks, new AbortController().signal);
        const names = await readdir(given.output, { recursive: true });
        expect(names.sort()).toEqual(["a", "a/b", "a/b/deep.txt", "big", "empty", "result.json"]);
        expect(await readFile(join(given.output, "a/b/deep.txt"), "utf8")).toBe("deep\n");
        expect(await readFile(join(given.output, "big"))).toHaveLength(3_000_000);
        expect(await readFile(join(given.output, "result.json"), "utf8")).toBe('{"x":1}\n');
        await finished.release();
        expect(await readdir(given.output)).toHaveLength(4);
      });

      test("outputs of a failed task come back too", async () => {
        const { outcome, task: given } = await run('echo half > "$SIM_OUTPUT/half"; exit 3');
        expect(outcome.exitCode).toBe(3);
        expect(await readFile(join(given.output, "half"), "utf8")).toBe("half\n");
      });

      test("a link among the outputs never becomes the file it points to", async () => {
        const { task: given } = await run(
          'ln -s /etc/passwd "$SIM_OUTPUT/link"; echo ok > "$SIM_OUTPUT/ok"',
        );
        const entries = await readdir(given.output, { withFileTypes: true });
        expect(entries.filter((entry) => entry.isFile()).map((entry) => entry.name)).toEqual([
          "ok",
        ]);
      });

      test.each([0, 1, 42, 126, 127, 255])("exit code %i", async (code) => {
        const { outcome } = await run(`exit ${code}`);
        expect(outcome).toMatchObject({ ended: "exited", exitCode: code });
      });

      test.each([
        ["KILL", 137],
        ["SEGV", 139],
        ["TERM", 143],
      ])("a death by its own SIG%s is an exit with %i", async (signal, code) => {
        // A shell of its own: signals that PID 1 sends itself are lost in a container.
        const { outcome } = await run(`sh -c 'kill -${signal} $$'; exit $?`);
        expect(outcome).toMatchObject({ ended: "exited", exitCode: code });
      });

      test("stdout and stderr reach the log, an unfinished last line too", async () => {
        const { log } = await run("echo one; echo two >&2; printf three");
        expect(log).toContain("one\n");
        expect(log).toContain("two\n");
        expect(log).toContain("three");
        expect(log).toHaveLength("one\ntwo\nthree".length);
      });

      test("bytes of the log are as they were written", async () => {
        const recorder = record();
        const given = await task(`printf 'a\\000b\\377\\r\\n'`);
        const finished = await engine.run(given, recorder.hooks, new AbortController().signal);
        await finished.release();
        expect(recorder.bytes().toString("hex")).toBe("610062ff0d0a");
      });

      test("the log comes while the task runs", async () => {
        const recorder = record();
        const stop = new AbortController();
        const running = engine.run(await task(INTERRUPTIBLE), recorder.hooks, stop.signal);
        await recorder.saw("up");
        stop.abort();
        await (await running).release();
      });

      test("20 MB of log neither hang nor lose head and tail", async () => {
        const script = `echo HEAD; yes 0123456789abcdef | head -c 20000000; echo; echo TAIL; exit 5`;
        const { outcome, log } = await run(script);
        expect(outcome.exitCode).toBe(5);
        expect(log.slice(0, 5)).toBe("HEAD\n");
        expect(log.slice(-5)).toBe("TAIL\n");
      });

      test("seconds are the time it took", async () => {
        const { outcome } = await run("sleep 0.3");
        expect(outcome.seconds).toBeGreaterThanOrEqual(0.29);
        expect(outcome.seconds).toBeLessThan(20);
      });

      test("CPU seconds count the work of all its processes", async () => {
        const idle = await run("sleep 0.3");
        const busy = await run(`sh -c '${BUSY}'; sh -c '${BUSY}' & wait`);
        if (capabilities.cpuSeconds === "always") {
          expect(idle.outcome.cpuSeconds).not.toBeNull();
          expect(busy.outcome.cpuSeconds).not.toBeNull();
        }
        const used = busy.outcome.cpuSeconds;
        if (used === null) return;
        expect(used).toBeGreaterThan(idle.outcome.cpuSeconds ?? 0);
        expect(used).toBeLessThan(busy.outcome.seconds * 64);
      });

      test("peak memory counts what a process had in use", async () => {
        const script = "held=$(head -c 64000000 /dev/zero | tr '\\000' x); sleep 0.5";
        const { outcome } = await run(script);
        if (capabilities.peakMemory === "always") expect(outcome.peakMemory).not.toBeNull();
        if (outcome.peakMemory === null) return;
        expect(outcome.peakMemory).toBeGreaterThan(64_000_000);
        expect(outcome.peakMemory).toBeLessThan(2 * 2 ** 30);
      });

      test.skipIf(!capabilities.memoryLimit)("a death for memory is told apart", async () => {
        const resources = { cpus: null, memory: 48 * 2 ** 20, gpus: 0 };
        const script = "dd if=/dev/zero of=/dev/null bs=200M count=1";
        const { outcome } = await run(script, { resources });
        expect(outcome).toMatchObject({ ended: "oom", exitCode: null });
      });
    });

    describe("its course", () => {
      test("started is called once, before the end, with a probe", async () => {
        const recorder = record();
        const finished = await engine.run(
          await task("echo up; sleep 0.1"),
          recorder.hooks,
          new AbortController().signal,
        );
        expect(recorder.probes).toHaveLength(1);
        await finished.release();
        expect(recorder.probes).toHaveLength(1);
      });

      test("its probe sees CPU time and output growing, where it can know", async () => {
        const recorder = record();
        const stop = new AbortController();
        const script = `head -c 100000 /dev/zero > "$SIM_OUTPUT/file"; ${BUSY}; echo up; sleep 1000`;
        const running = engine.run(await task(script), recorder.hooks, stop.signal);
        await recorder.saw("up");
        const [probe] = recorder.probes;
        const seconds = (await probe?.cpuSeconds()) ?? null;
        const bytes = (await probe?.outputBytes()) ?? null;
        stop.abort();
        await (await running).release();
        if (seconds !== null) expect(seconds).toBeGreaterThan(0);
        if (bytes !== null) expect(bytes).toBeGreaterThanOrEqual(100_000);
        // Late questions are answered, not thrown: a watchdog may ask just as the task ends.
        await probe?.cpuSeconds();
        await probe?.outputBytes();
      });

      test("tasks at the same time do not mix", async () => {
        const numbers = Array.from({ length: 8 }, (_, index) => index);
        const results = await Promise.all(
          numbers.map((number) =>
            run(
              `for i in 1 2 3; do echo "log $NUMBER"; sleep 0.05; done; echo "$NUMBER" > "$SIM_OUTPUT/number"; exit $NUMBER`,
              { env: { NUMBER: String(number) } },
            ),
          ),
        );
        for (const [number, { outcome, log, task: given }] of results.entries()) {
          expect(outcome.exitCode).toBe(number);
          expect(log).toBe(`log ${number}\n`.repeat(3));
          expect(await readFile(join(given.output, "number"), "utf8")).toBe(`${number}\n`);
        }
      });

      test("one after the other with the same worker do not mix", async () => {
        const same = { run: newRun(), worker: 3 };
        const first = await run(
          'echo 1 > "$SIM_OUTPUT/one"; export LEFT=1; cd /; umask 077; echo first; (sleep 0.05; echo late) &',
          { ...same, env: { ONLY: "here" } },
        );
        const second = await run(
          'echo "[$LEFT][$ONLY]"; ls "$SIM_OUTPUT"; umask; sleep 0.1; pwd >&2',
          same,
        );
        const third = await run("umask; pwd", same);
        expect(await readdir(first.task.output)).toEqual(["one"]);
        expect(await readdir(second.task.output)).toEqual([]);
        expect(first.log).toBe("first\n");
        expect(second.log).toBe(`[][]\n${third.log}`);
      });

      test("a task after one that was stopped, or killed all that it could, is like any other", async () => {
        const same = { run: newRun(), worker: 4 };
        for (const how of ["stop", "kill"] as const) {
          await stopped(await task(INTERRUPTIBLE, same), how);
          expect((await run("echo fine; exit 3", same)).log).toBe("fine\n");
        }
        for (const signal of ["TERM", "KILL"]) {
          await run(`sleep 1000 & kill -${signal} 0; sleep 1000`, same);
          const { log, outcome } = await run("echo fine; exit 3", same);
          expect(log).toBe("fine\n");
          expect(outcome).toMatchObject({ ended: "exited", exitCode: 3 });
        }
      });
    });

    describe("stopping", () => {
      test("an abort sends SIGTERM, and a task may end well", async () => {
        const given = await task(INTERRUPTIBLE, { grace: 20_000 });
        const { outcome } = await stopped(given, "stop");
        expect(outcome).toMatchObject({ ended: "stopped", exitCode: null });
        expect(await readFile(join(given.output, "bye"), "utf8")).toBe("bye\n");
      });

      test("SIGKILL follows where SIGTERM is ignored, after the grace", async () => {
        const { outcome } = await stopped(await task(STUBBORN, { grace: 300 }), "stop");
        expect(outcome).toMatchObject({ ended: "stopped", exitCode: null });
        expect(outcome.seconds).toBeGreaterThanOrEqual(0.29);
      });

      test("kill is SIGKILL at once", async () => {
        const given = await task(INTERRUPTIBLE, { grace: 1_000_000 });
        const { outcome } = await stopped(given, "kill");
        expect(outcome).toMatchObject({ ended: "stopped", exitCode: null });
        expect(await readdir(given.output)).toEqual([]);
      });

      test("kill cuts the grace short", async () => {
        const given = await task(STUBBORN, { grace: 1_000_000 });
        const { outcome } = await stopped(given, "stop, then kill");
        expect(outcome).toMatchObject({ ended: "stopped", exitCode: null });
      });

      test.each(["stop", "kill"] as const)("%s before the start runs nothing", async (how) => {
        const recorder = record();
        const given = await task('echo ran > "$SIM_OUTPUT/ran"');
        const stop = new AbortController();
        (how === "stop" ? stop : recorder.killer).abort();
        const finished = await engine.run(given, recorder.hooks, stop.signal);
        expect(finished.outcome).toMatchObject({ ended: "stopped", exitCode: null });
        await finished.release();
        expect(recorder.probes).toEqual([]);
        expect(await readdir(given.output)).toEqual([]);
        expect(await options.remains(given.run)).toEqual([]);
      });

      test("an abort at any moment of the start leaves nothing", async () => {
        const run = newRun();
        const moments = [0, 1, 2, 5, 10, 20, 50, 100, 200];
        await Promise.all(
          moments.map(async (milliseconds) => {
            const given = await task("sleep 1000", { run, grace: 1_000 });
            const signal = AbortSignal.timeout(milliseconds);
            const finished = await engine.run(given, record().hooks, signal);
            expect(finished.outcome).toMatchObject({ ended: "stopped", exitCode: null });
            await finished.release();
          }),
        );
        expect(await options.remains(run)).toEqual([]);
      });

      test("an abort after the end changes nothing, and no listener is left", async () => {
        const recorder = record();
        const stop = new AbortController();
        const finished = await engine.run(await task("exit 4"), recorder.hooks, stop.signal);
        expect(getEventListeners(stop.signal, "abort")).toEqual([]);
        expect(getEventListeners(recorder.killer.signal, "abort")).toEqual([]);
        stop.abort();
        recorder.killer.abort();
        expect(finished.outcome).toMatchObject({ ended: "exited", exitCode: 4 });
        await finished.release();
      });
    });

    describe("nothing is left", () => {
      test("children do not hold up the end of a task, and end with it", async () => {
        const given = await task(`${LEAVES_CHILDREN}; exit 6`);
        const { outcome } = await end(given);
        expect(outcome.exitCode).toBe(6);
        expect(await options.remains(given.run)).toEqual([]);
      });

      test("children of a stopped task end with it", async () => {
        const given = await task(`${LEAVES_CHILDREN}; sleep 1000`);
        await stopped(given, "stop");
        expect(await options.remains(given.run)).toEqual([]);
      });

      test("disposing ends what runs, and may be repeated", async () => {
        const own = await options.make();
        await own.prepare(options.sweep, new AbortController().signal);
        const given = await task(`${LEAVES_CHILDREN}; sleep 1000`, { grace: 1_000_000 });
        const recorder = record();
        const running = own.run(given, recorder.hooks, new AbortController().signal);
        await recorder.saw("up");
        expect(await options.remains(given.run)).not.toEqual([]);
        const [finished] = await Promise.all([running, own[Symbol.asyncDispose]()]);
        expect(finished.outcome).toMatchObject({ ended: "stopped", exitCode: null });
        await finished.release();
        await own[Symbol.asyncDispose]();
        expect(await options.remains(given.run)).toEqual([]);
      });
    });

    describe("recovery", () => {
      test("of a run that left nothing is nothing", async () => {
        expect(await engine.recover(newRun(), () => null)).toEqual([]);
      });

      test("ends what a killed orchestrator left running, and ignores other runs", async () => {
        const mine = newRun();
        const other = newRun();
        const left = await Promise.all([
          task(`${LEAVES_CHILDREN}; sleep 1000`, { run: mine }),
          task(STUBBORN, { run: mine }),
          task(`${LEAVES_CHILDREN}; sleep 1000`, { run: other }),
        ]);
        await orphan(left);
        expect(await options.remains(mine)).not.toEqual([]);

        const recovered = await engine.recover(mine, () => target(root));
        expect(recovered.map((one) => one.task).sort()).toEqual(
          left
            .filter((one) => one.run === mine)
            .map((one) => one.id)
            .sort(),
        );
        for (const { outcome, release } of recovered) {
          expect(outcome).toBeNull();
          await release();
        }
        expect(await options.remains(mine)).toEqual([]);
        expect(await options.remains(other)).not.toEqual([]);
        expect(await engine.recover(mine, () => target(root))).toEqual([]);

        for (const { release } of await engine.recover(other, () => target(root))) await release();
        expect(await options.remains(other)).toEqual([]);
      });

      test("a task whose outcome is known is removed and does not come back", async () => {
        const given = await task("echo up; sleep 1000");
        await orphan([given]);
        expect(await engine.recover(given.run, () => null)).toEqual([]);
        expect(await options.remains(given.run)).toEqual([]);
      });

      test("leaves alone what this orchestrator is running", async () => {
        const given = await task("echo up; sleep 0.5; exit 8");
        const recorder = record();
        const running = engine.run(given, recorder.hooks, new AbortController().signal);
        await recorder.saw("up");
        expect(await engine.recover(given.run, () => "live")).toEqual([]);
        const finished = await running;
        expect(finished.outcome).toMatchObject({ ended: "exited", exitCode: 8 });
        await finished.release();
      });

      const { adopts } = capabilities;
      test.skipIf(adopts === null)("adopts what ended by itself", async () => {
        const given = await task(
          'echo up; sleep 0.5; echo kept > "$SIM_OUTPUT/kept"; echo more; exit 7',
        );
        await orphan([given]);
        await adopts?.ended(given);
        const output = join(root, `${given.id}-recovered`);
        await mkdir(output);
        const recorder = record();
        const recovered = await engine.recover(given.run, (id) =>
          id === given.id ? { output, log: recorder.hooks.log } : null,
        );
        expect(recovered).toHaveLength(1);
        expect(recovered[0]).toMatchObject({
          task: given.id,
          outcome: { ended: "exited", exitCode: 7 },
        });
        expect(await readFile(join(output, "kept"), "utf8")).toBe("kept\n");
        expect(recorder.text()).toBe("up\nmore\n");
        await recovered[0]?.release();
        expect(await options.remains(given.run)).toEqual([]);
      });
    });

    async function stopped(
      given: Task,
      how: "stop" | "kill" | "stop, then kill",
    ): Promise<Finished> {
      const recorder = record();
      const stop = new AbortController();
      const running = engine.run(given, recorder.hooks, stop.signal);
      await recorder.saw("up");
      if (how !== "kill") stop.abort();
      if (how !== "stop") recorder.killer.abort();
      const finished = await running;
      await finished.release();
      return finished;
    }

    /** Starts the tasks under an orchestrator of their own and kills it once each printed "up". */
    async function orphan(tasks: readonly Task[]): Promise<void> {
      const child = spawn(process.execPath, [options.orchestrator, JSON.stringify(tasks)], {
        env: options.orchestratorEnv ?? process.env,
        stdio: ["ignore", "pipe", "inherit"],
      });
      try {
        await sawUp(child, tasks.length);
      } finally {
        child.kill("SIGKILL");
        await once(child, "close");
      }
    }
  });
}

async function sawUp(child: ChildProcess, count: number): Promise<void> {
  const up = new Set<string>();
  if (child.stdout === null) throw new Error("the orchestrator's stdout is no pipe");
  for await (const line of createInterface(child.stdout)) {
    const event = orchestratorEvent.parse(JSON.parse(line));
    if (event.log.includes("up")) up.add(event.task);
    if (up.size === count) return;
  }
  throw new Error("the orchestrator ended before its tasks were up");
}

interface Recorder {
  readonly hooks: TaskHooks;
  readonly killer: AbortController;
  readonly probes: Probe[];
  bytes(): Buffer;
  text(): string;
  /** Resolves once the log holds this text. */
  saw(text: string): Promise<void>;
}

function record(): Recorder {
  const killer = new AbortController();
  const chunks: Buffer[] = [];
  const probes: Probe[] = [];
  const bytes = (): Buffer => Buffer.concat(chunks);
  let arrived = Promise.withResolvers<void>();
  return {
    killer,
    probes,
    bytes,
    text: () => bytes().toString(),
    hooks: {
      kill: killer.signal,
      started: (probe) => probes.push(probe),
      log: (chunk) => {
        chunks.push(Buffer.from(chunk));
        arrived.resolve();
        arrived = Promise.withResolvers<void>();
      },
    },
    saw: async (text) => {
      while (!bytes().includes(text)) await arrived.promise;
    },
  };
}

function newRun(): string {
  return `run${randomBytes(8).toString("hex")}`;
}

function target(root: string) {
  return { output: root, log: () => {} };
}

/** All that can be read in a folder, as one text. */
async function textsBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map((file) => readFile(join(file.parentPath, file.name), "utf8"));
  return (await Promise.all(texts)).join("\n");
}
