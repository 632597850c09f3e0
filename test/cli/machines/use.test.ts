import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ALIVE, cli, DEAD, type Lab, startLab } from "./harness.ts";

let lab: Lab;
beforeEach(async () => {
  lab = await startLab();
});
afterEach(async () => {
  await lab[Symbol.asyncDispose]();
});

describe("ip", () => {
  it("prints the address, of several one a line, and asks nobody", async () => {
    const { machines } = await lab.lease({ label: "pool", count: 2 });
    const addresses = machines.map(({ address }) => address);
    const before = lab.api.requests.length;
    vi.stubEnv("DIGITALOCEAN_TOKEN", "");
    expect((await cli("machines", "ip", "pool")).stdout).toBe(`${addresses.join("\n")}\n`);
    expect((await cli("machines", "ip", "pool-2")).stdout).toBe(`${addresses[1]}\n`);
    expect(lab.api.requests.length).toBe(before);
  });

  it("names the machines that there are where one is not", async () => {
    await lab.lease({ label: "box" });
    const { code, stderr } = await cli("machines", "ip", "boks");
    expect(code).toBe(2);
    expect(stderr).toBe('There is no machine "boks" here.\nThere is: box.\n');
  });

  it("mentions what a dead process left", async () => {
    const { id } = await lab.lease({ holder: DEAD, label: null });
    await lab.lease({ label: "box" });
    const { code, stderr } = await cli("machines", "ip", "box");
    expect(code).toBe(0);
    expect(stderr).toContain(`Lease ${id} (digitalocean)`);
    expect(stderr).toContain("`sim-pipeline machines reap`");
  });
});

describe("status", () => {
  it("is running, then stopped, then gone", async () => {
    const { machines } = await lab.lease({ label: "box" });
    const id = Number(machines[0]?.id);
    expect((await cli("machines", "status", "box")).stdout).toBe("running\n");
    lab.api.powerOffByItself(id);
    const off = await cli("machines", "status", "box");
    expect(off).toMatchObject({ code: 0, stdout: "stopped\n" });
    expect(off.stderr).toContain("still costs");
    await lab.api.vanish(id);
    await cli("machines", "ls"); // It is listed once more.
    expect((await cli("machines", "status", "box")).stdout).toBe("gone\n");
  });

  it("of several has a line each", async () => {
    await lab.lease({ label: "pool", count: 2 });
    expect((await cli("machines", "status", "pool")).stdout).toBe(
      "pool-1 running\npool-2 running\n",
    );
  });
});

describe("stop", () => {
  it("powers off, and says that it still costs and what ends that", async () => {
    await lab.lease({ label: "box" });
    const { code, stderr } = await cli("machines", "stop", "box");
    expect(code).toBe(0);
    expect(lab.api.droplets().map(({ status }) => status)).toEqual(["off"]);
    expect(stderr).toContain("still costs as much as before ($0.063 an hour)");
    expect(stderr).toContain("`sim-pipeline machines rm box` ends that");
  });

  it("is refused while a run uses the machine", async () => {
    const { id } = await lab.lease({ holder: ALIVE });
    const { code, stderr } = await cli("machines", "stop", `sim-${id}-0`);
    expect(code).toBe(2);
    expect(stderr).toContain(`is used by process ${process.pid}`);
    expect(lab.api.droplets().map(({ status }) => status)).toEqual(["active"]);
  });
});

describe("start", () => {
  it("is refused for a machine whose time is over", async () => {
    await lab.lease({ label: "box", minutes: 10 });
    const { code, stderr } = await cli("machines", "start", "box");
    expect(code).toBe(2);
    expect(stderr).toContain("The deadline of box is over");
  });
});

describe("env", () => {
  it("-u unsets what it sets, and needs no machine", async () => {
    expect((await cli("machines", "env", "-u", "--shell", "bash")).stdout).toBe(
      "unset DOCKER_HOST\nunset SIM_PIPELINE_SSH_CONFIG\n",
    );
  });

  it.each([
    ["no machine", [], "Name the machine"],
    ["an unknown one", ["box"], "There is no machine"],
  ])("%s: prints nothing that a shell could evaluate", async (_, args, text) => {
    const { code, stdout, stderr } = await cli("machines", "env", ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(text);
  });
});

describe("ssh", () => {
  it("asks for one of several", async () => {
    await lab.lease({ label: "pool", count: 2 });
    const { code, stderr } = await cli("machines", "ssh", "pool", "--", "true");
    expect(code).toBe(2);
    expect(stderr).toContain("name one of pool-1, pool-2");
  });
});

it("sizes: prices by the core, what is to be had in a region, and nothing else there", async () => {
  lab.api.sellOut("c-2", "fra1");
  const there = await cli("machines", "sizes", "--provider", "digitalocean", "--region", "fra1");
  expect(there.stdout).toMatch(/^c-4 +4 +8\.0 GiB +50 GiB +\$84\.00 +\$0\.1250 +\$0\.0313 +CPU-/m);
  expect(there.stdout).not.toMatch(/^c-2 /m);
  const all = await cli("machines", "sizes", "--provider", "digitalocean", "--json");
  expect(JSON.parse(all.stdout)).toContainEqual(
    expect.objectContaining({ name: "c-4", cpus: 4, memory: 8 * 2 ** 30, pricePerHour: 0.125 }),
  );
  const nowhere = await cli("machines", "sizes", "--provider", "digitalocean", "--region", "x");
  expect(nowhere).toMatchObject({ code: 2, stdout: "" });
  expect(nowhere.stderr).toContain("ams3");
});
