import { expect, it } from "vitest";
import { ENGINES, RESUME_MODES } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { ENGINE_CHOICES } from "../../src/engines/select.ts";
import { RESUME_MODES as MODES } from "../../src/run/reconcile.ts";

it("offers every engine and every mode of resuming that there is", () => {
  expect(ENGINES).toEqual(ENGINE_CHOICES);
  expect(RESUME_MODES).toEqual(MODES);
});

it.each(COMMANDS.map(({ name, load }) => [name, load] as const))(
  "%s explains every flag and argument, and has examples",
  async (name, load) => {
    const command = await load();
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help).toContain(`Examples:\n`);
    expect(help).toContain(`  sim-pipeline ${name}`);
    expect(command.options.filter(({ description }) => description === "")).toEqual([]);
    expect(command.registeredArguments.filter(({ description }) => !description)).toEqual([]);
  },
);
