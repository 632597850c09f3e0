import { existsSync } from "node:fs";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ALIVE, cli, DEAD, type Lab, startLab } from "./harness.ts";

let lab: Lab;
beforeEach(async () => {
  lab = await startLab({ lags: { gone: { calls: 0 } } });
});
afterEach(async () => {
  await lab[Symbol.asyncDispose]();
});

it("says what was removed, what stays and why, and what is not ours", async () => {
  const dead = await lab.lease({ holder: DEAD, run: "pi-1" });
  const late = await lab.elsewhere({ minutes: 10, run: "pi-2" });
  const kept = await lab.lease({ label: "box" });
  const used = await lab.lease({ holder: ALIVE });
  lab.api.seed({ name: "database", tags: ["sim-pipeline"] });
  const { code, stdout } = await cli("machines", "reap");
  expect(code).toBe(0);
  const lines = stdout.split("\n");
  expect(lines).toContain(
    `removed  sim-${dead.id}-0  left of a dead process, of pi-1; after 30 min 00 s, $0.031`,
  );
  expect(lines).toContain(
    `removed  sim-${late.id}-0  over its deadline, of pi-2; after 30 min 00 s, $0.031`,
  );
  expect(lines).toContain(`kept     sim-${kept.id}-0  kept as box, until 2026-11-21T19:30:00.000Z`);
  expect(stdout).toContain(`kept     sim-${used.id}-0  in use by process ${process.pid}`);
  expect(lines).toContain("foreign  database  only carries our tag: not touched");
  expect(
    lab.api
      .droplets()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(["database", `sim-${kept.id}-0`, `sim-${used.id}-0`].sort());
});

it("works on a computer that has rented nothing, and leaves nothing there", async () => {
  await lab.elsewhere({ minutes: 10 });
  const { code, stdout } = await cli("machines", "reap", "--provider", "digitalocean", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({
      provider: "digitalocean",
      removed: [expect.objectContaining({ why: "overdue", gone: "2026-11-21T12:00:00.000Z" })],
      kept: [],
    }),
  ]);
  expect(lab.api.droplets()).toEqual([]);
  expect(existsSync(lab.state)).toBe(false);
});

it("exits with 1 where something overdue could not be removed", async () => {
  await lab.elsewhere({ minutes: 10 });
  lab.api.fail({ call: "DELETE /v2/droplets/*", calls: "all", how: { status: 422 } });
  const { code, stdout } = await cli("machines", "reap");
  expect(code).toBe(1);
  expect(stdout).toContain("LEFT ");
});

it.each([
  ["a wrong token", "wrong", ["--provider", "digitalocean"], 3],
  ["no token", "", ["--provider", "digitalocean"], 3],
  ["nobody to ask", "", [], 2],
])("%s is no silence", async (_, token, args, code) => {
  vi.stubEnv("DIGITALOCEAN_TOKEN", token);
  const ended = await cli("machines", "reap", ...args);
  expect(ended).toMatchObject({ code, stdout: "" });
  expect(ended.stderr).toContain("token");
});
