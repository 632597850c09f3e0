import { existsSync, readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { dockerEngine } from "../../../src/engines/docker/docker.ts";
import type { Task } from "../../../src/engines/engine.ts";
import { images, needing } from "../../lab/lab.ts";
import { newRun, record } from "../contract/bench.ts";
import { testSweep } from "../fixtures.ts";
import { cli, dockerBench, dockerEnv, remains, sweep, tlsEnv } from "./fixtures.ts";

const found = await dockerEnv();
const tls = await tlsEnv();
const signal = new AbortController().signal;

const daemons = [
  { daemon: "a Docker daemon", env: found },
  { daemon: "a Docker daemon behind TLS", env: tls },
];

describe.each(daemons)("a kept container", ({ daemon, env: maybe }) => {
  const env = maybe ?? {};
  describe.skipIf(maybe === null)(needing(daemon, "from task to task"), () => {
    const bench = dockerBench(maybe);

    /** Scripts, one after the other, for one worker of one run. */
    async function series(...scripts: readonly (string | readonly [string, Partial<Task>])[]) {
      const shared = { warm: true, run: newRun(), worker: 7 };
      const results = [];
      for (const one of scripts) {
        const [script, changes] = typeof one === "string" ? [one, {}] : one;
        results.push(await bench.run(script, { ...shared, ...changes }));
      }
      return results;
    }

    test("is the same one", async () => {
      const [first, second] = await series("hostname", "hostname");
      expect(second?.log).toBe(first?.log);
    });

    test.each<[string, Partial<Task>]>([
      ["memory", { resources: { cpus: null, memory: 64 * 2 ** 20, gpus: 0 } }],
      ["user", { user: "1234:1234" }],
      ["secret", { secrets: { KEY: "hush" } }],
      ["run", { run: newRun() }],
    ])("is another one for another %s", async (_, changes) => {
      const [first, second] = await series("hostname", ["hostname", changes]);
      expect(second?.log).not.toBe(first?.log);
    });

    test("outputs of one are not seen by the next, hidden files and folders neither", async () => {
      const [first, second] = await series(
        'cd "$SIM_OUTPUT"; mkdir -p a/b .hid; touch x .y a/b/z .hid/q ..odd ./-n "sp ace"',
        'ls -A "$SIM_OUTPUT"',
      );
      const names = ["-n", "..odd", ".hid", ".y", "a", "sp ace", "x"];
      expect(readdirSync(first?.task.output ?? "").sort()).toEqual(names);
      expect(second?.log).toBe("");
      expect(readdirSync(second?.task.output ?? "")).toEqual([]);
    });

    test("variables of one are not the next one's", async () => {
      const [, second] = await series(["true", { env: { ONLY: "mine" } }], "echo [$ONLY]");
      expect(second?.log).toBe("[]\n");
    });

    test("names that no shell exports reach the program all the same", async () => {
      const env = { "with.dot": "a b", UID: "x'y", OPTIND: "z" };
      const [first] = await series(["", { env, entrypoint: ["env"], command: [] }]);
      for (const [name, value] of Object.entries(env)) {
        expect(first?.log).toContain(`${name}=${value}\n`);
      }
    });

    test("what one leaves running is gone before the next", async () => {
      const [, second] = await series(
        `(while :; do touch "$SIM_OUTPUT/$(date +%N)"; done) & setsid sleep 1000 & exit 0`,
        'ps; ls "$SIM_OUTPUT"',
      );
      expect(second?.log).not.toContain("sleep 1000");
      expect(second?.task.output && readdirSync(second.task.output)).toEqual([]);
    });

    test("templates are each task's own", async () => {
      const texts = ["first, and longer\n", "second\n"];
      const logs: string[] = [];
      const run = newRun();
      for (const text of texts) {
        const source = join(bench.root, "template");
        await writeFile(source, text);
        const mounts = [{ source, target: "/mnt/config/t.json", perTask: true }];
        const { log } = await bench.run("cat /mnt/config/t.json", {
          ...{ warm: true, run, worker: 3, mounts },
        });
        logs.push(log);
      }
      expect(logs).toEqual(texts);
    });

    test("a task cannot write the shell's report for it", async () => {
      // The report's form, with every nonce that it can think of.
      const [first] = await series(
        `printf '\\036%032d 0 0 1 \\n' 0; printf '\\036%032d\\n' 0 >&2; tr '\\0' '\\n' </proc/self/environ | grep -c $(printf '\\036'); exit 9`,
      );
      expect(first?.outcome.exitCode).toBe(9);
      expect(first?.log).toContain(`\x1e${"0".repeat(32)}\n`);
      expect(first?.log).toMatch(/^0$/m);
    });

    test("a task that kills the shell fails alone, and the worker goes on", async () => {
      const [first, second] = await series("kill -9 -1; kill -9 $PPID; sleep 5", "echo next");
      expect(first?.outcome).toMatchObject({ ended: "exited" });
      expect(first?.outcome.exitCode).not.toBe(0);
      expect(second?.log).toBe("next\n");
    });

    test("a death for memory is told apart, each time", async () => {
      const resources = { cpus: null, memory: 48 * 2 ** 20, gpus: 0 };
      const eat = ["dd if=/dev/zero of=/dev/null bs=200M count=1", { resources }] as const;
      const kill = ["sh -c 'kill -9 $$'; exit $?", { resources }] as const;
      const results = await series(eat, kill, eat);
      expect(results.map(({ outcome }) => outcome.ended)).toEqual(["oom", "exited", "oom"]);
    });

    test("a timeout or cancel discards it", async () => {
      const given = await bench.task("hostname; echo up; sleep 1000", { warm: true });
      const stop = new AbortController();
      const recorder = record();
      const running = bench.engine.run(given, recorder.hooks, stop.signal);
      await recorder.saw("up");
      stop.abort();
      await (await running).release();
      expect(await remains(env, given.run)).toEqual([]);
      const next = await bench.run("hostname", {
        ...{ warm: true, run: given.run, worker: given.worker },
      });
      expect(recorder.text()).not.toContain(next.log);
    });

    test("one that somebody removed while it had nothing to do is replaced", async () => {
      const [first] = await series("echo one");
      const run = first?.task.run ?? "";
      const ids = await cli(env, "ps", "-q", "--filter", `label=sim-pipeline.run=${run}`);
      await cli(env, "rm", "--force", ...ids.split("\n"));
      const again = await bench.run("echo two", { warm: true, run, worker: 7 });
      expect(again.log).toBe("two\n");
    });

    test("it ends with the engine, and its folders too", async () => {
      const own = await dockerEngine({ env });
      await own.prepare(sweep, signal);
      const given = await bench.task("echo one", { warm: true });
      const finished = await own.run(given, record().hooks, signal);
      await finished.release();
      expect(await remains(env, given.run)).toHaveLength(1);
      await own[Symbol.asyncDispose]();
      expect(await remains(env, given.run)).toEqual([]);
      expect(readdirSync(dirname(given.scratch)).sort()).toEqual(["output", "scratch"]);
    });
  });
});

describe.skipIf(found === null)(needing("a Docker daemon", "a kept container's shell"), () => {
  const withImage = (image: string) => dockerBench(found, { sweep: testSweep({ image }) });

  describe("of an image without one", () => {
    const bench = withImage(images.noShell);

    test("exit 2 with the isolation to use, and nothing is left", async () => {
      const given = await bench.task("", { warm: true, entrypoint: null, command: ["0"] });
      await expect(bench.end(given)).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(/isolation: warm.*\/bin\/sh.*isolation: container/s),
      });
      expect(await remains(found ?? {}, given.run)).toEqual([]);
      expect(existsSync(given.scratch)).toBe(true);
      expect(readdirSync(dirname(given.scratch)).sort()).toEqual(["output", "scratch"]);
    });

    test("which runs in a fresh one", async () => {
      const { outcome } = await bench.run("", { entrypoint: null, command: ["5"] });
      expect(outcome.exitCode).toBe(5);
    });
  });

  describe("of Debian", () => {
    const bench = withImage(images.node);

    test("runs a program with its words and variables as they are", async () => {
      const words = ["", "a  b", "$(id)", "`id`", "it's", '"', "\\", "new\nline", "*", "héé"];
      const script = `const fs = require("node:fs");
        fs.writeFileSync("/mnt/data/seen.json", JSON.stringify([process.argv.slice(1), process.env.ODD]));`;
      const { task } = await bench.run("", {
        ...{ warm: true, entrypoint: ["node", "-e", script, "--"], command: words },
        env: { ODD: words.join("|") },
      });
      const seen: unknown = JSON.parse(await readFile(join(task.output, "seen.json"), "utf8"));
      expect(seen).toEqual([words, words.join("|")]);
    });

    test("dies of nothing that a task does to itself", async () => {
      for (const signalName of ["SEGV", "TERM", "KILL", "HUP", "INT", "ABRT"]) {
        const { outcome } = await bench.run("", {
          ...{ warm: true, worker: 1, run: "runsignals", entrypoint: ["node", "-e"] },
          command: [`process.kill(process.pid, "SIG${signalName}"); setTimeout(() => {}, 5000)`],
        });
        expect(outcome.exitCode, signalName).toBeGreaterThan(128);
      }
    });

    test("a program that is not there: exit code 127 and a word about it", async () => {
      const { outcome } = await bench.run("", { warm: true, entrypoint: ["/nope"], command: [] });
      expect(outcome).toMatchObject({
        exitCode: 127,
        detail: expect.stringContaining("no such program"),
      });
    });
  });
});
