/** Laws of a task's course, its end on demand, and what must be gone after it. */

import { getEventListeners } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type Bench,
  BUSY,
  INTERRUPTIBLE,
  LEAVES_CHILDREN,
  newRun,
  record,
  STUBBORN,
} from "./bench.ts";

export function courseLaws(bench: Bench): void {
  const { options, task, end, run, stopped } = bench;

  describe("its course", () => {
    test("started is called once, before the end, with a probe", async () => {
      const recorder = record();
      const finished = await bench.engine.run(
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
      const running = bench.engine.run(await task(script), recorder.hooks, stop.signal);
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
      const finished = await bench.engine.run(given, recorder.hooks, stop.signal);
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
          const finished = await bench.engine.run(given, record().hooks, signal);
          expect(finished.outcome).toMatchObject({ ended: "stopped", exitCode: null });
          await finished.release();
        }),
      );
      expect(await options.remains(run)).toEqual([]);
    });

    test("an abort after the end changes nothing, and no listener is left", async () => {
      const recorder = record();
      const stop = new AbortController();
      const finished = await bench.engine.run(await task("exit 4"), recorder.hooks, stop.signal);
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
}
