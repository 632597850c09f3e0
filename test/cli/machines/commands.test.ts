import { expect, it } from "vitest";
import { VARIABLES } from "../../../src/cli/machines/shell-lines.ts";
import { ORDERS } from "../../../src/cli/machines/sizes.ts";
import { MACHINE_COMMANDS } from "../../../src/cli/machines.ts";
import { sshReach } from "../../../src/machines/connect.ts";
import { SIZE_ORDERS } from "../../../src/machines/sizes.ts";
import { memoryStore } from "../../machines/memory-store.ts";
import { cli } from "./harness.ts";

it.each(MACHINE_COMMANDS.map(({ name, load }) => [name, load] as const))(
  "machines %s explains every flag and argument, and has examples",
  async (name, load) => {
    const command = await load();
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help).toContain("Examples:\n");
    expect(help).toContain(`machines ${name}`);
    expect(command.options.filter(({ description }) => description === "")).toEqual([]);
    expect(command.registeredArguments.filter(({ description }) => !description)).toEqual([]);
  },
);

it("repeats what the machines' own modules have", () => {
  expect(ORDERS).toEqual(SIZE_ORDERS);
  const variables = sshReach.env({ name: "sim-abcdefghij-0" }, memoryStore().open());
  expect(Object.keys(variables)).toEqual([...VARIABLES]);
});

it.each([
  ["nothing", []],
  ["an unknown command", ["nonsense"]],
  ["a machine too few", ["ip"]],
  ["a provider too few", ["create", "box", "--size", "c-2"]],
  ["an unknown provider", ["create", "box", "--provider", "nobody", "--size", "c-2"]],
  ["no machine at all", ["create", "box", "--provider", "digitalocean", "--count", "0"]],
  ["an unknown order", ["sizes", "--provider", "digitalocean", "--sort", "colour"]],
])("%s is wrong use: exit code 2", async (_, args) => {
  expect((await cli("machines", ...args)).code).toBe(2);
});
