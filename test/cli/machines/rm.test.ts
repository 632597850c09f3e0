import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ALIVE, cli, type Lab, startLab } from "./harness.ts";

let lab: Lab;
beforeEach(async () => {
  lab = await startLab({ lags: { gone: { calls: 0 } } });
});
afterEach(async () => {
  await lab[Symbol.asyncDispose]();
});

const there = () =>
  lab.api
    .droplets()
    .map(({ name }) => name)
    .sort();

it("gives back all machines of a name and no other, and says what they cost", async () => {
  await lab.lease({ label: "pool", count: 2 });
  const { id } = await lab.lease({ label: "box" });
  const { code, stderr } = await cli("machines", "rm", "pool");
  expect(code).toBe(0);
  expect(stderr).toContain("pool-1 is gone, after 30 min 00 s, $0.031.");
  expect(stderr).toContain("pool-2 is gone");
  expect(there()).toEqual([`sim-${id}-0`]);
  expect((await lab.records()).map(({ label }) => label)).toEqual(["box"]);
});

it("prints what is gone as JSON", async () => {
  await lab.lease({ label: "box" });
  const { stdout } = await cli("machines", "rm", "box", "--json");
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({ name: "box", seconds: 1800, currency: "USD" }),
  ]);
});

it("succeeds for what is gone already, and asks nobody about it", async () => {
  const before = lab.api.requests.length;
  vi.stubEnv("DIGITALOCEAN_TOKEN", "wrong");
  const { code, stderr } = await cli("machines", "rm", "box");
  expect(code).toBe(0);
  expect(stderr).toContain('There is no machine "box" here, or none any more.');
  expect(lab.api.requests.length).toBe(before);
});

it("succeeds for what somebody removed in the control panel", async () => {
  const { machines } = await lab.lease({ label: "box" });
  await lab.api.vanish(Number(machines[0]?.id));
  expect((await cli("machines", "rm", "box")).code).toBe(0);
  expect(await lab.records()).toEqual([]);
});

it("refuses a machine that a living run uses, and removes it with --force", async () => {
  const { id } = await lab.lease({ holder: ALIVE });
  const name = `sim-${id}-0`;
  const refused = await cli("machines", "rm", name);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(`${name} is used by process ${process.pid}`);
  expect(there()).toEqual([name]);
  expect((await cli("machines", "rm", name, "--force")).code).toBe(0);
  expect(there()).toEqual([]);
});

it("refuses everything where one of the names is refused", async () => {
  await lab.lease({ label: "box" });
  await lab.lease({ label: "pool", count: 2 });
  const { code, stderr } = await cli("machines", "rm", "box", "pool-2");
  expect(code).toBe(2);
  expect(stderr).toContain("`sim-pipeline machines rm pool`");
  expect(there()).toHaveLength(3);
});

it("removes another computer's machine with --force only", async () => {
  const { id } = await lab.elsewhere();
  const name = `sim-${id}-0`;
  const refused = await cli("machines", "rm", name);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("was rented by another computer");
  expect((await cli("machines", "rm", name, "--force")).code).toBe(0);
  expect(there()).toEqual([]);
});

it("never removes a machine that only carries our tag", async () => {
  const tags = ["sim-pipeline", "sim-pipeline:lease:bcdefghijk"];
  lab.api.seed({ name: "sim-abcdefghij-0", tags });
  const { code, stderr } = await cli("machines", "rm", "sim-abcdefghij-0", "--force");
  expect(code).toBe(2);
  expect(stderr).toContain("only carries our tag");
  expect(there()).toEqual(["sim-abcdefghij-0"]);
});

it("keeps the record where the provider refuses", async () => {
  await lab.lease({ label: "box" });
  vi.stubEnv("DIGITALOCEAN_TOKEN", "wrong");
  const { code, stderr } = await cli("machines", "rm", "box");
  expect(code).toBe(3);
  expect(stderr).toContain("Unable to authenticate you");
  expect(await lab.records()).toHaveLength(1);
});
