import { exits, jsonOption, newCommand } from "../command.ts";
import { print, printJson, say } from "../output.ts";
import { machineArgument } from "./options.ts";

/** `sim-pipeline machines status` */
export function statusCommand() {
  return newCommand(
    "status",
    "Asks the provider whether a machine is creating, running, stopped, removing or gone.",
    [
      ["sim-pipeline machines status box", "running"],
      ["sim-pipeline machines status box --json", "with all that is known of it"],
    ],
  )
    .addArgument(machineArgument())
    .addOption(jsonOption())
    .action(
      exits(async (name, { json }) => {
        const { mention, named, never, openOwn, ownStore } = await import("./work.ts");
        const { providerOf } = await import("../../machines/account.ts");
        const { inventory, look } = await import("../../machines/inventory.ts");
        const { listedJson } = await import("./listed.ts");
        const store = await ownStore();
        const { records } = await store.list();
        mention(records);
        const { record, machines } = named(records, name);
        await using provider = await providerOf(record, openOwn, never);
        const seen = await look(provider, [record], never);
        const ids = new Set(machines.map(({ id }) => id));
        const found = inventory(seen, [record], [], seen.now).filter(
          ({ id }) => id !== null && ids.has(id),
        );
        if (json) await printJson(found.map(listedJson));
        else if (found.length === 1) await print(found.map(({ state }) => `${state}\n`));
        else await print(found.map(({ name: each, state }) => `${each} ${state}\n`));
        for (const one of found) {
          if (one.stillCosts) say(`${one.name} is stopped and still costs as if it ran.`);
        }
        return 0;
      }),
    );
}
