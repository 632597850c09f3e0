import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makePlan } from "../../src/plan/plan.ts";
import { openDatabase } from "../../src/results/database.ts";
import { runFolder } from "../../src/results/folder.ts";
import { type MachineRow, machinesOf, recordMachines } from "../../src/results/machines.ts";
import { compareMachines } from "../../src/run/compare-machines.ts";
import { rentFor } from "../../src/run/machines.ts";
import { sweepFromObject } from "../../src/sweep/load.ts";
import { type DigitalOcean, startDigitalOcean } from "../lab/digitalocean/server.ts";
import { runFake, temporaryFolder } from "./harness.ts";

const never = new AbortController().signal;
const content = {
  name: "pi",
  image: "registry.invalid/pi",
  parameters: { n: { range: "1-4" } },
  command: ["{{ n }}"],
};

let api: DigitalOcean;
let folder = "";
beforeEach(async () => {
  api = await startDigitalOcean();
  folder = temporaryFolder();
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

function planOf(range: string) {
  const sweep = sweepFromObject({ ...content, parameters: { n: { range } } }, folder);
  return makePlan(sweep, { confirmed: false });
}

/** Makes ready to rent for a sweep of these points, and gives back what nobody needed. */
async function rented(range: string, { again = false } = {}): Promise<string[]> {
  const said: string[] = [];
  const plan = planOf(range);
  const machine = { provider: "digitalocean", size: "c-2" } as const;
  await using _rented = await rentFor(plan, machine, {
    out: join(folder, "run"),
    env: { ...api.env, SIM_PIPELINE_STATE: join(folder, "state") },
    signal: never,
    again,
    emit: (event) => {
      if (event.type === "machines" || event.type === "warning") said.push(event.message);
    },
    engineOn: async () => {
      throw new Error("nothing needs a machine");
    },
    onLimit: () => {},
    onUnreleased: (problem) => void said.push(problem),
  });
  return said;
}

/** An earlier run on this computer of the points that succeed at once. */
async function ran(range: string): Promise<void> {
  mkdirSync(join(folder, "run"), { recursive: true });
  await runFake(join(folder, "run"), { ...content, parameters: { n: { range } } });
}

const earlier: MachineRow = {
  name: "sim-aaaaaaaaaa-0",
  provider: "digitalocean",
  size: "c-2",
  region: "nyc3",
  cpus: 2,
  pricePerHour: 0.06,
  currency: "USD",
  minimumSeconds: 60,
  minimumCost: 0.01,
  created: 1_000,
  gone: null,
  ahead: 0,
};

/** Which machines of the run are gone, after an earlier start had rented one. */
async function endsSeen(row: MachineRow): Promise<boolean[]> {
  mkdirSync(join(folder, "run"), { recursive: true });
  {
    using database = openDatabase(runFolder(join(folder, "run")));
    recordMachines(database, [row]);
  }
  await rented("1-4");
  using database = openDatabase(runFolder(join(folder, "run")));
  return machinesOf(database).map(({ gone }) => gone !== null);
}

it("a machine of an earlier start that no listing shows costs no more", async () => {
  expect(await endsSeen(earlier)).toEqual([true]);
});

it("a machine of another provider is not looked for", async () => {
  expect(await endsSeen({ ...earlier, provider: "aws" })).toEqual([false]);
});

it.each([
  [
    "the most that it can be, where nothing was measured",
    null,
    "1-4",
    false,
    /at most \$0\.5\d unt/,
  ],
  ["from what points took, where some are left", "1-2", "1-4", false, /about \$0\.01 by what earl/],
  [
    "nothing, where all of them succeeded",
    "1-4",
    "1-4",
    false,
    /rented only if a point has to run/,
  ],
  [
    "also where other points succeeded",
    "1-4",
    "5-8",
    false,
    /about \$0\.01 by what earlier points/,
  ],
  ["also where all run again", "1-4", "1-4", true, /about \$0\.01 by what earlier points/],
])("says what renting costs: %s", async (_, before, range, again, text) => {
  if (before !== null) await ran(before);
  expect(await rented(range, { again })).toEqual([expect.stringMatching(text)]);
});

it("sizes are compared by CPU time: where nobody knows it, that is said", async () => {
  const plan = planOf("1-4");
  const options = { provider: "digitalocean", region: null, env: api.env, signal: never } as const;
  const out = join(folder, "run");
  await expect(compareMachines(plan, { ...options, out })).rejects.toThrow(/has been measured in/);
  await ran("1-4");
  using database = openDatabase(runFolder(out));
  database.exec("UPDATE points SET cpu_seconds = NULL");
  await expect(compareMachines(plan, { ...options, out })).rejects.toThrow(/knows the CPU time/);
});
