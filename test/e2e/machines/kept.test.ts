import { type SpawnOptions, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realDroplets } from "../../lab/digitalocean/droplets.ts";
import { type DigitalOcean, startDigitalOcean } from "../../lab/digitalocean/server.ts";
import { findDroplets, needing } from "../../lab/lab.ts";

const bin = fileURLToPath(new URL("../../../bin/sim-pipeline.js", import.meta.url));
const droplets = await findDroplets();

let folder = "";
let api: DigitalOcean;

/**
 * ssh takes the home folder from the system's list of users: in a mount namespace of its own each
 * process sees one that names the test's.
 */
const IN_HOME = 'mount --make-rprivate / && mount --bind "$1" /etc/passwd && shift && exec "$@"';

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sim-pipeline-kept-"));
  mkdirSync(join(folder, "home"));
  writeFileSync(join(folder, "passwd"), `root:x:0:0:root:${join(folder, "home")}:/bin/sh\n`);
  const boot = droplets === null ? null : realDroplets(droplets).boot;
  api = await startDigitalOcean({ boot });
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program as a user of the test's own home would. */
function start(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const options: SpawnOptions = {
    cwd: folder,
    env: {
      ...process.env,
      ...api.env,
      GITHUB_ACTIONS: "",
      SHELL: "/bin/sh",
      HOME: join(folder, "home"),
      SIM_PIPELINE_STATE: join(folder, "state"),
      XDG_CACHE_HOME: join(tmpdir(), "sim-pipeline-test"),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  };
  const inHome = ["-m", "sh", "-c", IN_HOME, "sh", join(folder, "passwd"), ...words];
  const child = spawn("unshare", inHome, options);
  const seen = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.on("data", (chunk: Buffer) => {
      seen[name] += chunk;
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => resolve({ code, ...seen }));
  });
  const printed = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (seen.stderr.includes(text)) resolve();
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`never printed ${text}:\n${seen.stderr}`)));
    });
  return { child, ended, printed };
}

const machines = (...args: string[]) => start([process.execPath, bin, "machines", ...args]).ended;
const create = (...args: string[]) => machines("create", ...args, "--provider", "digitalocean");

/** What a person types into a shell, with the command on its PATH. */
const shell = (script: string) =>
  start(["sh", "-c", `sim_pipeline() { '${process.execPath}' '${bin}' "$@"; }\n${script}`]).ended;

/** Milliseconds: a dozen commands, a boot and a reboot. */
const LONG = 120_000;

describe.skipIf(droplets === null)(needing("the lab's droplets", "a machine that is kept"), () => {
  it("is created, used through docker, ssh and cp, stopped, started and given back", {
    timeout: LONG,
  }, async () => {
    const made = await create("box", "--size", "c-2", "--deadline", "2h");
    expect(made).toMatchObject({ code: 0 });
    expect(made.stdout).toMatch(/^box +10\.[\d.]+ +c-2 +\S+ +\$0\.063 +\S+ \S+ \(in [12] h/m);
    expect(made.stderr).toContain("at most $0.13 until the deadline");
    expect(made.stderr).toContain('eval "$(sim-pipeline machines env box)"');
    expect((await machines("ls")).stdout).toMatch(/^box +digitalocean +c-2 +running +10\./m);

    const config = join(folder, "home/.ssh/config");
    mkdirSync(join(folder, "home/.ssh"), { mode: 0o700 });
    writeFileSync(config, "Host other\n  Port 2222\n", { mode: 0o600 });
    const docker = await shell(
      'eval "$(sim_pipeline machines env box)"; /usr/bin/docker info --format "{{.Name}}"',
    );
    const [droplet] = api.droplets();
    expect(docker).toMatchObject({ code: 0, stdout: `${droplet?.name}\n` });
    expect(docker.stderr).toContain(`Added a line to the top of ${config}`);
    expect(readFileSync(config, "utf8")).toMatch(
      /^# From sim-pipeline.*\nInclude .*\nHost other\n/,
    );
    expect((await machines("env", "box")).stderr).toBe("");

    const command = await machines("ssh", "box", "--", "echo here; echo there >&2; exit 7");
    expect(command).toEqual({ code: 7, stdout: "here\n", stderr: "there\n" });

    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data/in.txt"), "brought");
    expect(await machines("cp", "data", "box:copied")).toMatchObject({ code: 0, stdout: "" });
    expect((await machines("cp", "box:copied/in.txt", "out.txt")).code).toBe(0);
    expect(readFileSync(join(folder, "out.txt"), "utf8")).toBe("brought");

    const stopped = await machines("stop", "box");
    expect(stopped).toMatchObject({ code: 0 });
    expect(stopped.stderr).toContain("still costs as much as before ($0.063 an hour)");
    expect((await machines("ls")).stdout).toMatch(/^box .* stopped, still costs /m);
    expect((await machines("ssh", "box", "true")).code).toBe(255);

    expect(await machines("start", "box")).toMatchObject({ code: 0 });
    expect((await machines("ssh", "box", "--", "docker", "ps", "-q")).code).toBe(0);

    const removed = await machines("rm", "box");
    expect(removed).toMatchObject({ code: 0 });
    expect(removed.stderr).toContain(`Took our line out of ${config} again`);
    expect(readFileSync(config, "utf8")).toBe("Host other\n  Port 2222\n");
    expect(await machines("ls")).toEqual({
      code: 0,
      stdout: "",
      stderr: "No machines at digitalocean.\n",
    });
    expect(api.droplets()).toEqual([]);
    expect((await machines("rm", "box")).code).toBe(0);
  });

  it("may be one of several, of which fewer than asked for came, as --at-least allows", {
    timeout: LONG,
  }, async () => {
    let calls = 0;
    const { boot } = realDroplets(droplets ?? { folder: "", host: "" });
    await using partial = await startDigitalOcean({
      boot: async (droplet) => {
        const isSecond = ++calls === 2;
        const host = await boot(droplet);
        if (isSecond) droplet.onPowerOff();
        return host;
      },
    });
    const env = { ...partial.env };
    const run = (...args: string[]) =>
      start([process.execPath, bin, "machines", ...args], env).ended;
    const size = ["--provider", "digitalocean", "--size", "c-2"];
    const made = await run("create", "pool", ...size, "--count", "3", "--at-least", "2", "--json");
    expect(made).toMatchObject({ code: 0 });
    expect(made.stderr).toContain("2 of 3 machines came.");
    expect(JSON.parse(made.stdout)).toMatchObject({
      name: "pool",
      count: 3,
      machines: [{ size: "c-2" }, { size: "c-2" }],
    });
    expect((await run("rm", "pool")).code).toBe(0);
    expect(partial.droplets()).toEqual([]);
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "is given back when %s ends its creation",
    async (signal) => {
      const words = ["create", "box", "--provider", "digitalocean", "--size", "c-2"];
      const { child, ended, printed } = start([process.execPath, bin, "machines", ...words]);
      await printed("is setting itself up");
      child.kill(signal);
      const { code, stdout, stderr } = await ended;
      expect({ code, stdout }).toEqual({ code: signal === "SIGINT" ? 130 : 143, stdout: "" });
      expect(stderr).toContain("nothing is left of what was rented");
      expect(api.history()).toHaveLength(1);
      expect(api.droplets()).toEqual([]);
    },
  );
});
