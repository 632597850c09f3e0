import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dockerEngine } from "../../../src/engines/docker/docker.ts";
import type { Task } from "../../../src/engines/engine.ts";
import { images, needing } from "../../lab/lab.ts";
import { newRun, record } from "../contract/bench.ts";
import { testSweep } from "../fixtures.ts";
import { cli, containersOf, dockerBench, dockerEnv, remains } from "./fixtures.ts";

const found = await dockerEnv();
const env = found ?? {};
const asRoot = process.getuid?.() === 0;

/** A script that ends with exit code 0 when this shell condition holds. */
const holds = (condition: string) => `if ${condition}; then exit 0; else exit 1; fi`;

describe.skipIf(found === null)(needing("a Docker daemon", "what a task may do"), () => {
  const bench = dockerBench(found);

  describe.each([
    ["a fresh container", {}],
    ["a kept container", { warm: true }],
  ])("in %s", (_, kind: Partial<Task>) => {
    test.each([
      ["all capabilities are dropped", holds(`grep -q '^CapEff:.0*$' /proc/self/status`)],
      ["none can be had", holds(`grep -q '^CapBnd:.0*$' /proc/self/status`)],
      ["it gets no new privileges", holds("grep -q '^NoNewPrivs:.1$' /proc/self/status")],
      ["it is not root", holds('[ "$(id -u)" != 0 ]')],
      ["it has no network but itself", holds(`[ "$(ls /sys/class/net)" = lo ]`)],
      ["an init is PID 1", holds("grep -q init /proc/1/comm")],
      ["the image's files are not its own", "if echo x > /bin/sh; then exit 1; else exit 0; fi"],
      ["it sees no processes but its own", holds("[ $(ls -d /proc/[0-9]* | wc -l) -lt 8 ]")],
      ["HOME is a tmpfs", holds('grep -q " $HOME tmpfs rw" /proc/mounts')],
      ["what it puts into HOME can be run", holds('cp /bin/true "$HOME/true" && "$HOME/true"')],
      ["its working directory is the image's", holds('[ "$PWD" = / ]')],
    ])("%s", async (_title, script) => {
      const { outcome, log } = await bench.run(script, kind);
      expect({ exitCode: outcome.exitCode, log: outcome.exitCode === 0 ? "" : log }).toEqual({
        exitCode: 0,
        log: "",
      });
    });

    test("a fork bomb is stopped by its limit, and the container still ends", async () => {
      const bomb = "i=0; while [ $i -lt 6000 ]; do sleep 1000 & i=$((i+1)); done; echo survived";
      const { outcome } = await bench.run(bomb, kind);
      expect(outcome.ended).toBe("exited");
    });

    test("its cores are limited", async () => {
      const given = await bench.task("echo up; sleep 1000", {
        ...kind,
        resources: { cpus: 0.5, memory: 64 * 2 ** 20, gpus: 0 },
      });
      const host = await hostConfig(given);
      expect(host).toMatchObject({
        NanoCpus: 5e8,
        Memory: 64 * 2 ** 20,
        MemorySwap: 64 * 2 ** 20,
      });
    });

    test("its log cannot fill the daemon's disk", async () => {
      const host = await hostConfig(await bench.task("echo up; sleep 1000", kind));
      expect(host).toMatchObject({
        LogConfig: { Type: "json-file", Config: { "max-size": "8m", "max-file": "2" } },
      });
    });

    test("secrets are readable to it alone, and nowhere in what the daemon tells", async () => {
      const secret = `hush-${newRun()}`;
      const given = await bench.task(
        'stat -c "%a %u" "$SIM_SECRETS" "$SIM_SECRETS/KEY"; id -u; cat /run/secrets/KEY; echo up; sleep 1000',
        { ...kind, secrets: { KEY: secret } },
      );
      const recorder = record();
      const running = bench.engine.run(given, recorder.hooks, new AbortController().signal);
      await recorder.saw("up");
      const [container = ""] = await containersOf(env, given.id);
      const told = await cli(env, "inspect", container);
      recorder.killer.abort();
      await (await running).release();
      const [folder, file, uid, content] = recorder.text().split("\n");
      expect([folder, file]).toEqual([`500 ${uid}`, `400 ${uid}`]);
      expect(content).toBe(`${secret}up`);
      expect(told).not.toContain(secret);
    });

    test("labels say run, point and attempt", async () => {
      const given = await bench.task("echo up; sleep 1000", {
        ...kind,
        points: [7, 8],
        attempt: 3,
      });
      expect(await inspected(given, "Config.Labels")).toMatchObject({
        "sim-pipeline.run": given.run,
        "sim-pipeline.point": "7",
        "sim-pipeline.attempt": "3",
      });
    });
  });

  test.skipIf(!asRoot)(
    "root's outputs are written by an unprivileged user, and can be read and removed (needs root)",
    async () => {
      const { task } = await bench.run('mkdir "$SIM_OUTPUT/sub"; id -u > "$SIM_OUTPUT/sub/id"');
      expect(await readFile(join(task.output, "sub/id"), "utf8")).toBe("65534\n");
      expect((await stat(join(task.output, "sub/id"))).uid).toBe(65_534);
    },
  );

  test("a user by its numbers", async () => {
    const { log, task } = await bench.run('id -u; id -g; echo x > "$SIM_OUTPUT/file"', {
      user: "1234:2345",
    });
    expect(log).toBe("1234\n2345\n");
    expect(await stat(join(task.output, "file"))).toMatchObject({ uid: 1234, gid: 2345 });
  });

  test("inputs that an image keeps elsewhere are mounted there, read-only", async () => {
    const folder = join(bench.root, "etc");
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o777);
    await writeFile(join(folder, "a.conf"), "kept", { mode: 0o666 });
    const { log } = await bench.run(
      "exec 2>&1; cat /etc/sim/a.conf; echo x > /etc/sim/a.conf || echo; touch /etc/sim/b || echo refused",
      { mounts: [{ source: folder, target: "/etc/sim", perTask: false }] },
    );
    expect(log).toMatch(/^kept.*refused\n$/s);
  });

  test("a memory limit below what Docker takes: exit 3, and nothing is left", async () => {
    const given = await bench.task("true", { resources: { cpus: null, memory: 4096, gpus: 0 } });
    await expect(bench.end(given)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/memory limit.*resources/is),
    });
    expect(await remains(env, given.run)).toEqual([]);
  });

  test("a GPU that is not there: exit 3 with what to do, and nothing is left", async () => {
    const given = await bench.task("true", { resources: { cpus: null, memory: null, gpus: 1 } });
    await expect(bench.end(given)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("NVIDIA Container Toolkit"),
    });
    expect(await remains(env, given.run)).toEqual([]);
  });

  async function hostConfig(given: Task): Promise<unknown> {
    return await inspected(given, "HostConfig");
  }

  /** Part of what the daemon says of a task's container while it runs. */
  async function inspected(given: Task, part: string): Promise<unknown> {
    const recorder = record();
    const running = bench.engine.run(given, recorder.hooks, new AbortController().signal);
    await recorder.saw("up");
    const [container = ""] = await containersOf(env, given.id);
    const told = await cli(env, "inspect", "--format", `{{json .${part}}}`, container);
    recorder.killer.abort();
    await (await running).release();
    return JSON.parse(told);
  }
});

describe.skipIf(found === null)(needing("a Docker daemon", "`network: bridge`"), () => {
  const bench = dockerBench(found, { sweep: testSweep({ image: images.node }) });
  const node = (script: string): Partial<Task> => ({
    network: "bridge",
    entrypoint: ["node", "-e"],
    command: [script],
  });
  /** Prints what comes of connecting, within two seconds. */
  const connecting = (host: string, port: number) =>
    `const socket = require("node:net").connect({host: "${host}", port: ${port}, timeout: 2000});
     for (const event of ["connect", "timeout", "error"])
       socket.once(event, (error) => { console.log(event, error?.code ?? ""); process.exit(); });`;

  test("there is one, but the metadata address is the container's own", async () => {
    const script = `const addresses = Object.values(require("node:os").networkInterfaces()).flat();
      console.log(addresses.map(({address}) => address).join(" "));`;
    const { log } = await bench.run("", node(script));
    expect(log).toMatch(/\b169\.254\.169\.254\b/);
    expect(log.trim().split(" ").length).toBeGreaterThan(2);
    const { log: tried } = await bench.run("", node(connecting("169.254.169.254", 80)));
    expect(tried).toBe("error ECONNREFUSED\n");
  });

  test("tasks at the same time do not reach each other", async () => {
    const run = newRun();
    const server = await bench.task("", {
      ...node(
        `require("node:net").createServer().listen(4000, () => {
           const addresses = Object.values(require("node:os").networkInterfaces()).flat();
           console.log("up", addresses.find(({address}) => /^(172|192|10)\\./.test(address)).address, ".");
         });`,
      ),
      run,
    });
    const recorder = record();
    const serving = bench.engine.run(server, recorder.hooks, new AbortController().signal);
    await recorder.saw(" .");
    const address = recorder.text().split(" ")[1] ?? "";
    const { log } = await bench.run("", { ...node(connecting(address, 4000)), run });
    expect(log).not.toContain("connect");
    recorder.killer.abort();
    await (await serving).release();
  });

  test("the run's network goes with the engine, or with the next recovery", async () => {
    const own = await dockerEngine({ env });
    await own.prepare(testSweep({ image: images.node }), new AbortController().signal);
    const given = await bench.task("", node("0"));
    const finished = await own.run(given, record().hooks, new AbortController().signal);
    await finished.release();
    expect(await remains(env, given.run)).toEqual([`network sim-pipeline-${given.run}`]);
    await own[Symbol.asyncDispose]();
    expect(await remains(env, given.run)).toEqual([]);

    const run = newRun();
    await cli(
      env,
      "network",
      "create",
      "--label",
      `sim-pipeline.run=${run}`,
      `sim-pipeline-${run}`,
    );
    expect(await bench.engine.recover(run, () => null)).toEqual([]);
    expect(await remains(env, run)).toEqual([]);
  });
});
