import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { cli, type Lab, startLab } from "./harness.ts";

let lab: Lab;
beforeEach(async () => {
  lab = await startLab({ dropletLimit: 5 });
});
afterEach(async () => {
  // Whatever was wrong, nothing was rented for it.
  expect(lab.api.requests.filter(({ method }) => method === "POST")).toEqual([]);
  await lab[Symbol.asyncDispose]();
});

const create = (name: string, ...args: string[]) =>
  cli("machines", "create", name, "--provider", "digitalocean", ...args);

it.each<[string, string, string[], number, string]>([
  ["a name with strange characters", "My Box!", ["--size", "c-2"], 2, "use up to 40 of a-z, 0-9"],
  ["a name like a provider's", "sim-abcdefghij-0", ["--size", "c-2"], 2, "choose another name"],
  ["no size", "box", [], 2, "`sim-pipeline machines sizes --provider digitalocean`"],
  ["an unknown size", "box", ["--size", "c2"], 2, "c-2 (2 CPUs, 4 GiB, $0.063 an hour)"],
  ["an unknown region", "box", ["--size", "c-2", "--region", "fra"], 2, "fra1"],
  ["more than the account may have", "box", ["--size", "c-2", "--count", "10000"], 3, "at most 5"],
  [
    "at least more than all",
    "box",
    ["--size", "c-2", "--at-least", "2"],
    2,
    "--at-least 2 is more",
  ],
  ["too high a cost", "box", ["--size", "c-2", "--max-cost", "0.1"], 3, "this would cost $0.50"],
])("%s", async (_, name, args, code, text) => {
  const ended = await create(name, ...args);
  expect(ended.code).toBe(code);
  expect(ended.stderr).toContain(text);
  expect(ended.stdout).toBe("");
  expect(await lab.records()).toEqual([]);
});

it.each<[string, number, string, string[]]>([
  ["box", 1, "box", []],
  ["pool", 3, "pool-2", []],
  ["pool-2", 1, "pool", ["--count", "2"]],
  ["pool", 3, "pool", []],
])("a name that is taken: %s of %d, then %s", async (label, count, name, args) => {
  await lab.lease({ label, count });
  const { code, stderr } = await create(name, "--size", "c-2", ...args);
  expect(code).toBe(2);
  expect(stderr).toContain(`give it back with \`sim-pipeline machines rm ${label}\``);
});

it("a missing token", async () => {
  vi.stubEnv("DIGITALOCEAN_TOKEN", "");
  const { code, stderr } = await create("box", "--size", "c-2");
  expect(code).toBe(3);
  expect(stderr).toContain("set DIGITALOCEAN_TOKEN");
});

it("a token that may not create", async () => {
  vi.stubEnv("DIGITALOCEAN_TOKEN", lab.api.tokenWith(["account:read"]));
  const { code, stderr } = await create("box", "--size", "c-2");
  expect(code).toBe(3);
  expect(stderr).toContain("scopes");
});
