import { once } from "node:events";
import { statSync, watch } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { dockerEngine } from "../../../src/engines/docker/docker.ts";
import { EngineLostError } from "../../../src/engines/engine.ts";
import { needing } from "../../lab/lab.ts";
import { record } from "../contract/bench.ts";
import { cli, containersOf, dockerBench, overSsh, remains } from "./fixtures.ts";

const remotes = [
  { how: "shares our files", remote: await overSsh({ shared: true }) },
  { how: "does not share our files", remote: await overSsh({ shared: false }) },
];
const signal = new AbortController().signal;

for (const { how, remote } of remotes) {
  const title = needing("sshd and a Docker daemon", `the connection to a daemon that ${how}`);
  describe.skipIf(remote === null)(title, () => {
    if (remote === null) return;
    const { sshd, direct, env } = remote;
    const bench = dockerBench(env, { make: () => dockerEngine({ env }) });
    afterAll(async () => {
      await remote[Symbol.asyncDispose]();
    });

    /** A recorder that also keeps what is told of the connection. */
    const watching = () => {
      const recorder = record();
      const away: (string | null)[] = [];
      const hooks = {
        ...recorder.hooks,
        away: (reason: string | null) => void away.push(reason),
      };
      return { ...recorder, hooks, away };
    };
    /** Goes on when the file is there, which a test makes from outside. */
    const UNTIL_TOLD = "until [ -e /tmp/go ]; do sleep 0.05; done";
    const tell = async (task: string) => {
      const [container = ""] = await containersOf(direct, task);
      await cli(direct, "exec", container, "touch", "/tmp/go");
    };

    test("breaks in the middle of a point: the same container goes on to its end", async () => {
      const script = `echo up; echo ran >> /tmp/ran; ${UNTIL_TOLD}; wc -l < /tmp/ran > $SIM_OUTPUT/ran; echo down >&2; exit 3`;
      const given = await bench.task(script);
      const seen = watching();
      const running = bench.engine.run(given, seen.hooks, signal);
      await seen.saw("up");
      const before = await containersOf(direct, given.id);
      await sshd.drop();
      await tell(given.id);
      const { outcome, release } = await running;
      expect(await containersOf(direct, given.id)).toEqual(before);
      await release();
      expect(outcome).toMatchObject({ ended: "exited", exitCode: 3 });
      expect(outcome.seconds).toBeGreaterThan(0);
      expect(seen.text()).toBe("up\ndown\n");
      expect(seen.probes).toHaveLength(1);
      expect(await readdir(given.output)).toEqual(["ran"]);
      expect(seen.away).toEqual([expect.stringMatching(/broke|ended/), null]);
      expect(await remains(direct, given.run)).toEqual([]);
    });

    test("is away until the point has ended", async () => {
      const given = await bench.task(
        `for i in 1 2 3; do echo line $i; done; ${UNTIL_TOLD}; echo last; echo 1 > $SIM_OUTPUT/f`,
      );
      const seen = watching();
      const running = bench.engine.run(given, seen.hooks, signal);
      await seen.saw("line 3");
      const [container = ""] = await containersOf(direct, given.id);
      await sshd.stop();
      await tell(given.id);
      await cli(direct, "wait", container);
      await sshd.start();
      const { outcome, release } = await running;
      await release();
      expect(outcome).toMatchObject({ ended: "exited", exitCode: 0 });
      expect(seen.text()).toBe("line 1\nline 2\nline 3\nlast\n");
      expect(await readdir(given.output)).toEqual(["f"]);
    });

    test("a task that is stopped meanwhile is lost, and ended once the host is back", async () => {
      const given = await bench.task("echo up; sleep 1000");
      const seen = watching();
      const stop = new AbortController();
      const running = bench.engine.run(given, seen.hooks, stop.signal);
      await seen.saw("up");
      await sshd.stop();
      stop.abort();
      await expect(running).rejects.toThrow(EngineLostError);
      await sshd.start();
      await bench.engine.available(signal);
      expect(await remains(direct, given.run)).toEqual([]);
    });

    test("a container that was removed meanwhile is lost", async () => {
      const given = await bench.task("echo up; sleep 1000");
      const seen = watching();
      const running = bench.engine.run(given, seen.hooks, signal);
      await seen.saw("up");
      await sshd.stop();
      await cli(direct, "rm", "--force", ...(await containersOf(direct, given.id)));
      await sshd.start();
      await expect(running).rejects.toThrow(/removed by somebody else/);
    });

    test("breaks under a kept container: its task is lost, and the worker goes on", async () => {
      const given = await bench.task("echo up; sleep 1000", { warm: true });
      const seen = watching();
      const running = bench.engine.run(given, seen.hooks, signal);
      await seen.saw("up");
      await sshd.drop();
      await expect(running).rejects.toThrow(EngineLostError);
      await bench.engine.available(signal);
      const next = await bench.run("echo next", {
        warm: true,
        worker: given.worker,
        run: given.run,
      });
      expect(next.log).toBe("next\n");
    });
  });
}

const remote = await overSsh({ shared: false });
describe.skipIf(remote === null)(
  needing("sshd and a Docker daemon behind TLS", "archives through SSH"),
  () => {
    if (remote === null) return;
    const { sshd, direct, env } = remote;
    const bench = dockerBench(env, { make: () => dockerEngine({ env }) });
    afterAll(async () => {
      await remote[Symbol.asyncDispose]();
    });
    const SIZE = 64 * 2 ** 20;
    const WRITE = `head -c ${SIZE} /dev/urandom > $SIM_OUTPUT/big; echo small > $SIM_OUTPUT/small`;

    test("broken off on their way back are fetched again, whole", async () => {
      const given = await bench.task(`echo run; ${WRITE}`);
      const recorder = record();
      const running = bench.engine.run(given, recorder.hooks, signal);
      await appears(join(given.output, "big"), 2 ** 20);
      await sshd.drop();
      const { outcome, release } = await running;
      await release();
      expect(outcome).toMatchObject({ ended: "exited", exitCode: 0 });
      expect((await readdir(given.output)).sort()).toEqual(["big", "small"]);
      expect((await stat(join(given.output, "big"))).size).toBe(SIZE);
      expect(recorder.text()).toBe("run\n");
      expect(await remains(direct, given.run)).toEqual([]);
    });
  },
);

/** Resolves when the file has so many bytes. */
async function appears(file: string, bytes: number): Promise<void> {
  const watcher = watch(dirname(file));
  try {
    while ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) < bytes) {
      await once(watcher, "change");
    }
  } finally {
    watcher.close();
  }
}
