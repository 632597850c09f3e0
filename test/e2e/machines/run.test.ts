import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { watch } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readDatabase } from "../../../src/results/database.ts";
import { runFolder } from "../../../src/results/folder.ts";
import { machinesOf } from "../../../src/results/machines.ts";
import { realDroplets } from "../../lab/digitalocean/droplets.ts";
import { type DigitalOcean, startDigitalOcean } from "../../lab/digitalocean/server.ts";
import { findDroplets, findRegistry, needing } from "../../lab/lab.ts";

const bin = fileURLToPath(new URL("../../../bin/sim-pipeline.js", import.meta.url));
const droplets = await findDroplets();
const registry = await findRegistry();

let folder = "";
const started: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sim-pipeline-machines-"));
  mkdirSync(join(folder, "docker"));
  if (registry === null) return;
  const auth = Buffer.from(`${registry.user}:${registry.password}`).toString("base64");
  const config = { auths: { [registry.address]: { auth } } };
  writeFileSync(join(folder, "docker/config.json"), JSON.stringify(config));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** A sweep of points that take a second each and write a file. */
function sweep(points: number): string {
  const file = join(folder, "sweep.yaml");
  writeFileSync(
    file,
    [
      "name: rented",
      `image: ${registry?.image}`,
      "entrypoint: [sh, -c]",
      `parameters: {n: {range: "1-${points}"}}`,
      "command: ['sleep 1; echo {{ n }} > /mnt/data/out.txt']",
      "outputs: [out.txt]",
    ].join("\n"),
  );
  return file;
}

/** Starts `sim-pipeline run` as a user does, with a store of the test's own. */
function start(api: DigitalOcean, file: string, ...flags: string[]) {
  const machines = ["--machines", "digitalocean", "--size", "c-2", "--out", join(folder, "run")];
  const child = spawn(process.execPath, [bin, "run", file, ...machines, ...flags], {
    cwd: folder,
    env: {
      ...process.env,
      ...api.env,
      GITHUB_ACTIONS: "",
      SIM_PIPELINE_STATE: join(folder, "state"),
      DOCKER_CONFIG: join(folder, "docker"),
      DOCKER_HOST: "unix:///nobody/listens/here.sock",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  const ended = new Promise<{ code: number | null; said: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, said }));
  });
  return { child, ended };
}

/** Resolves when the process has said it; never where it does not, which the test's timeout ends. */
async function toSay({ stderr }: ChildProcess, text: string): Promise<void> {
  let said = "";
  await new Promise<void>((resolve) => {
    stderr?.on("data", (chunk: Buffer) => {
      said += chunk;
      if (said.includes(text)) resolve();
    });
  });
}

/** Resolves when a point's outputs are in their place. */
async function onePoint(): Promise<void> {
  const points = join(folder, "run/points");
  mkdirSync(points, { recursive: true });
  for await (const _event of watch(points)) {
    if (readdirSync(points).some((name) => existsSync(join(points, name, "out.txt")))) return;
  }
}

/** Nothing is rented any more, and nothing is recorded as rented. */
async function expectNothingLeft(api: DigitalOcean): Promise<void> {
  await api.settled();
  expect(api.droplets()).toEqual([]);
  expect(readdirSync(join(folder, "state/leases"))).toEqual([]);
}

function rentals() {
  using database = readDatabase(runFolder(join(folder, "run")));
  return machinesOf(database);
}

const creations = (api: DigitalOcean) => api.requests.filter(({ method }) => method === "POST");

describe.skipIf(droplets === null || registry === null)(
  needing("droplets and a registry", "a run on a rented machine"),
  { timeout: 180_000 },
  () => {
    if (droplets === null) return;
    const { boot } = realDroplets(droplets);

    it("rents, runs, brings the outputs back, gives back, and says what it cost; once", async () => {
      await using api = await startDigitalOcean({ boot });
      const file = sweep(3);
      const first = await start(api, file).ended;
      expect(first).toMatchObject({ code: 0 });
      expect(first.said).toContain("All 3 points succeeded");
      expect(first.said).toMatch(/cost {5}\$0\.0\d+ for 1 machine, /);
      expect(readFileSync(join(folder, "run/points/n=2/out.txt"), "utf8")).toBe("2\n");
      expect(rentals()).toMatchObject([{ size: "c-2", gone: expect.any(Number) }]);
      await expectNothingLeft(api);

      // A second run has nothing to do, and rents nothing for that.
      const second = await start(api, file).ended;
      expect(second).toMatchObject({ code: 0 });
      expect(second.said).toContain("3 done before, 0 to run");
      expect(creations(api)).toHaveLength(1);
    });

    it("kill -9 in the middle: the next start takes over the machine and what finished", async () => {
      await using api = await startDigitalOcean({ boot, dropletLimit: 1 });
      const file = sweep(8);
      const { child, ended } = start(api, file);
      await onePoint();
      child.kill("SIGKILL");
      await ended;
      expect(api.droplets()).toHaveLength(1);
      const again = await start(api, file).ended;
      expect(again).toMatchObject({ code: 0 });
      expect(again.said).toContain("taking over sim-");
      expect(again.said).toContain("All 8 points succeeded");
      expect(creations(api)).toHaveLength(1);
      expect(rentals()).toHaveLength(1);
      await expectNothingLeft(api);
    });

    it("kill -9 in the middle of giving back: the next start does that, and rents nothing", async () => {
      await using api = await startDigitalOcean({ boot });
      const file = sweep(2);
      const { child, ended } = start(api, file);
      await toSay(child, "removing sim-");
      child.kill("SIGKILL");
      await ended;
      const again = await start(api, file).ended;
      expect(again).toMatchObject({ code: 0 });
      expect(again.said).toContain("2 done before, 0 to run");
      expect(again.said).not.toContain("not given back");
      expect(creations(api)).toHaveLength(1);
      expect(rentals()).toMatchObject([{ gone: expect.any(Number) }]);
      await expectNothingLeft(api);
    });

    it("a token that is revoked meanwhile: the run is told of, and the machine that is left", async () => {
      await using api = await startDigitalOcean({ boot });
      const { child, ended } = start(api, sweep(2));
      await toSay(child, "powers itself off");
      api.revoke(api.token);
      const stopped = await ended;
      expect(stopped).toMatchObject({ code: 3 });
      expect(stopped.said).toMatch(/warning: Not confirmed that sim-\S+ is gone: .*HTTP 401/);
      expect(stopped.said).toContain("All 2 points succeeded");
      expect(stopped.said).toMatch(/cost {5}\$.*not given back yet/);

      // With a token of the same account the next start gives it back.
      const token = { ...api, env: { ...api.env, DIGITALOCEAN_TOKEN: api.tokenOf("us") } };
      expect(await start(token, sweep(2)).ended).toMatchObject({ code: 0 });
      await expectNothingLeft(api);
    });

    it("somebody removes the droplet: what finished is kept, the next start rents another", async () => {
      await using api = await startDigitalOcean({ boot });
      const file = sweep(8);
      const { ended } = start(api, file);
      await onePoint();
      const [droplet] = api.droplets();
      await api.vanish(droplet?.id ?? 0);
      const lost = await ended;
      expect(lost).toMatchObject({ code: 3 });
      expect(lost.said).toMatch(/The machine sim-\S+ is gone: .*\n.*goes on with a new machine/);
      await expectNothingLeft(api);
      const again = await start(api, file).ended;
      expect(again).toMatchObject({ code: 0 });
      expect(again.said).toMatch(/8 points, [1-7] done before/);
      await expectNothingLeft(api);
    });

    it("SIGTERM while the machine sets itself up: it is given back, and counted", async () => {
      await using api = await startDigitalOcean({ boot });
      const { child, ended } = start(api, sweep(2));
      await toSay(child, "is setting itself up");
      child.kill("SIGTERM");
      const stopped = await ended;
      expect(stopped).toMatchObject({ code: 143 });
      expect(stopped.said).toMatch(/cancelled {2}2/);
      expect(stopped.said).toMatch(/cost {5}\$0\.01 for 1 machine/);
      expect(rentals()).toMatchObject([{ gone: expect.any(Number) }]);
      await expectNothingLeft(api);
    });

    it("SIGINT gives the machine back, and keeps what finished", async () => {
      await using api = await startDigitalOcean({ boot });
      const { child, ended } = start(api, sweep(8));
      await onePoint();
      child.kill("SIGINT");
      const stopped = await ended;
      expect(stopped).toMatchObject({ code: 130 });
      expect(stopped.said).toMatch(/cost {5}\$/);
      await expectNothingLeft(api);
    });
  },
);

describe.skipIf(registry === null)(needing("a registry", "nothing is rented"), () => {
  it.each([
    ["for a size that does not exist", ["--size", "c2"], 2, "The nearest names: c-2 ("],
    ["for a region that does not exist", ["--region", "nyc9"], 2, "the nearest names: nyc"],
    ["for more machines than one run uses", ["--count", "2"], 2, "one machine serves one run here"],
    [
      "for what would cost too much",
      ["--max-cost", "0.10"],
      3,
      "--max-cost is $0.10.\nNothing was",
    ],
    ["for less time than a machine needs", ["--deadline", "1m"], 2, "Give it 5m or more"],
    ["for processes of this computer", ["--engine", "process"], 2, "not on a machine"],
    ["for an image that no registry has", ["--set", "image=x.invalid/none"], 3, "x.invalid"],
  ])("%s", async (_, flags, code, message) => {
    await using api = await startDigitalOcean();
    const ended = await start(api, sweep(2), ...flags).ended;
    expect(ended).toMatchObject({ code });
    expect(ended.said).toContain(message);
    expect(creations(api)).toEqual([]);
  });

  it("for an image that would be built anew on each machine, unless that is asked for", async () => {
    await using api = await startDigitalOcean();
    const file = join(folder, "built.yaml");
    writeFileSync(file, "name: built\nbuild: .\nparameters: {n: [1]}\ncommand: []\n");
    const ended = await start(api, file).ended;
    expect(ended).toMatchObject({ code: 2 });
    expect(ended.said).toContain("names no image that a rented machine could pull");
    expect(creations(api)).toEqual([]);
  });

  it("for a token that is wrong, or may not rent", async () => {
    await using api = await startDigitalOcean();
    const wrong = { ...api, env: { ...api.env, DIGITALOCEAN_TOKEN: "dop_v1_wrong" } };
    const refused = await start(wrong, sweep(2)).ended;
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.said).not.toContain("dop_v1_wrong");
    expect(creations(api)).toEqual([]);
  });
});
