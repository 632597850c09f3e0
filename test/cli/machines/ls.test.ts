import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ALIVE, cli, DEAD, type Lab, startLab } from "./harness.ts";

let lab: Lab;
beforeEach(async () => {
  lab = await startLab();
});
afterEach(async () => {
  await lab[Symbol.asyncDispose]();
});

/** The rows of a table: its cells, which two spaces part. */
const rows = (text: string) =>
  text
    .split("\n")
    .slice(1, -1)
    .map((line) => line.trim().split(/ {2,}/));

it("shows name, provider, size, state, address, age, deadline, cost and use", async () => {
  const { machines } = await lab.lease({ label: "box" });
  const { code, stdout, stderr } = await cli("machines", "ls");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.split("\n")[0]).toMatch(
    /^NAME +PROVIDER +SIZE +STATE +ADDRESS +AGE +DEADLINE +COST +FOR$/,
  );
  expect(rows(stdout)).toEqual([
    [
      "box",
      "digitalocean",
      "c-2",
      "running",
      machines[0]?.address,
      "30 min 00 s",
      "in 7 h 30 min",
      "$0.031",
      "kept",
    ],
  ]);
  expect(stdout).not.toContain("\x1b");
});

it("tells apart what is kept, what runs use, other computers' machines and foreign ones", async () => {
  await lab.lease({ label: "pool", count: 2 });
  const run = await lab.lease({ run: "raytracer-1", holder: ALIVE });
  const other = await lab.elsewhere({ run: "pi-1" });
  lab.api.seed({ name: "database", tags: ["sim-pipeline"] });
  const { stdout } = await cli("machines", "ls");
  expect(
    rows(stdout)
      .map((cells) => [cells[0], cells.at(-1)])
      .sort(),
  ).toEqual(
    [
      ["pool-1", "kept"],
      ["pool-2", "kept"],
      [`sim-${run.id}-0`, `run raytracer-1, process ${process.pid}`],
      [`sim-${other.id}-0`, "pi-1, another computer's"],
      ["database", "not ours: it only has our tag"],
    ].sort(),
  );
});

it("says of one that is powered off that it still costs", async () => {
  const { machines } = await lab.lease({ label: "box" });
  lab.api.powerOffByItself(Number(machines[0]?.id));
  const [cells] = rows((await cli("machines", "ls")).stdout);
  expect(cells?.[3]).toBe("stopped, still costs");
});

it("says that a deadline is over, and that a machine is gone", async () => {
  await lab.lease({ label: "late", minutes: 10 });
  const { machines } = await lab.lease({ label: "lost" });
  await lab.api.vanish(Number(machines[0]?.id));
  const { stdout } = await cli("machines", "ls");
  // What was removed is listed once more.
  const found = rows(await cli("machines", "ls").then((ended) => ended.stdout));
  expect(rows(stdout).find(([name]) => name === "late")?.[6]).toBe("over");
  expect(found.find(([name]) => name === "lost")?.[3]).toBe("gone");
});

it("only looks at what a dead process left, which its run may take over, and says so", async () => {
  const { id } = await lab.lease({ holder: DEAD });
  const { code, stdout, stderr } = await cli("machines", "ls");
  expect(code).toBe(0);
  expect(stderr).toContain(`Lease ${id} (digitalocean) of`);
  expect(stderr).toContain("`sim-pipeline machines reap` gives them back");
  expect(stdout).toContain(`sim-${id}-0`);
  expect(lab.api.droplets()).toHaveLength(1);
});

it("prints everything for other programs as JSON", async () => {
  const { id, machines } = await lab.lease({ label: "box" });
  const { stdout } = await cli("machines", "ls", "--json");
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({
      name: "box",
      provider: "digitalocean",
      machine: `sim-${id}-0`,
      id: machines[0]?.id,
      lease: id,
      whose: "kept",
      state: "running",
      stillCosts: false,
      pricePerHour: 0.0625,
      currency: "USD",
      deadline: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    }),
  ]);
});

describe("what cannot be asked", () => {
  it("without a token there is what is recorded, and it is said", async () => {
    await lab.lease({ label: "box" });
    vi.stubEnv("DIGITALOCEAN_TOKEN", "");
    const { code, stdout, stderr } = await cli("machines", "ls");
    expect(code).toBe(0);
    expect(rows(stdout)[0]?.slice(0, 4)).toEqual(["box", "digitalocean", "c-2", "unknown"]);
    expect(stderr).toContain("There is no token for DigitalOcean");
    expect(stderr).toContain("there is only what is recorded here");
  });

  it.each([
    ["a wrong token", () => vi.stubEnv("DIGITALOCEAN_TOKEN", "wrong"), ["machines", "ls"]],
    [
      "no token for the provider that is named",
      () => vi.stubEnv("DIGITALOCEAN_TOKEN", ""),
      ["machines", "ls", "--provider", "digitalocean"],
    ],
  ])("%s is no silence: exit code 3", async (_, change, args) => {
    change();
    const { code, stderr } = await cli(...args);
    expect(code).toBe(3);
    expect(stderr).toContain("token");
    expect(stderr).toContain("No machine is recorded on this computer.");
  });

  it("says that nobody was asked where no token is set and nothing is recorded", async () => {
    vi.stubEnv("DIGITALOCEAN_TOKEN", "");
    const { code, stderr } = await cli("machines", "ls");
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "No machine is recorded on this computer, and no provider's token is set.\n",
    });
  });

  it("a record that cannot be read is told, and its machine is shown", async () => {
    const { id } = await lab.elsewhere();
    mkdirSync(join(lab.state, "leases", id), { recursive: true });
    writeFileSync(join(lab.state, "leases", id, "lease.json"), "{");
    const { stdout, stderr } = await cli("machines", "ls");
    expect(rows(stdout)[0]?.at(-1)).toBe("raytracer; its record cannot be read");
    expect(stderr).toContain(`Cannot read the lease in`);
  });
});
