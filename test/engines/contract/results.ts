/** Laws of what comes back from a task. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Bench, BUSY, INTERRUPTIBLE, record } from "./bench.ts";

export function resultLaws(bench: Bench): void {
  const { options, task, run } = bench;
  const { capabilities } = options;

  describe("what comes back", () => {
    test("outputs are complete when the run resolves", async () => {
      const given = await task(
        `cd "$SIM_OUTPUT" && mkdir -p a/b && echo deep > a/b/deep.txt && : > empty &&
         head -c 3000000 /dev/zero > big && echo '{"x":1}' > result.json`,
      );
      const hooks = record().hooks;
      const finished = await bench.engine.run(given, hooks, new AbortController().signal);
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
      expect(entries.filter((entry) => entry.isFile()).map((entry) => entry.name)).toEqual(["ok"]);
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
      const finished = await bench.engine.run(given, recorder.hooks, new AbortController().signal);
      await finished.release();
      expect(recorder.bytes().toString("hex")).toBe("610062ff0d0a");
    });

    test("the log comes while the task runs", async () => {
      const recorder = record();
      const stop = new AbortController();
      const running = bench.engine.run(await task(INTERRUPTIBLE), recorder.hooks, stop.signal);
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

    const { memoryLimit } = capabilities;
    const title = memoryLimit ? "a death for memory is told apart" : "memory is not limited";
    test(title, async () => {
      const resources = { cpus: null, memory: 48 * 2 ** 20, gpus: 0 };
      const script = "dd if=/dev/zero of=/dev/null bs=200M count=1";
      const { outcome } = await run(script, { resources });
      expect(outcome).toMatchObject(
        memoryLimit ? { ended: "oom", exitCode: null } : { ended: "exited", exitCode: 0 },
      );
    });
  });
}
