import { exits, jsonOption, newCommand } from "../command.ts";
import { harmlessText, print, printJson, say } from "../output.ts";
import { providerOption } from "./options.ts";

/** `sim-pipeline machines ls` */
export function lsCommand() {
  return newCommand(
    "ls",
    "The machines of this computer, and all others that its tokens show with our tag.",
    [
      ["sim-pipeline machines ls", "of every provider that something was rented from"],
      ["sim-pipeline machines ls --provider digitalocean", "of this one only"],
      ["sim-pipeline machines ls --json", "for other programs"],
    ],
  )
    .addOption(providerOption())
    .addOption(jsonOption())
    .action(
      exits(async ({ provider, json }) => {
        const { mention, ownStore } = await import("./work.ts");
        const { listMachines } = await import("./listing.ts");
        const { listedJson, listedTable } = await import("./listed.ts");
        const store = await ownStore();
        mention((await store.list()).records);
        const { machines, problems, complete, asked } = await listMachines(store, provider);
        for (const problem of problems) say(harmlessText(problem));
        if (json) await printJson(machines.map(listedJson));
        else if (machines.length > 0) await print(listedTable(machines, process.stdout));
        else if (complete && asked.length > 0) say(`No machines at ${asked.join(", ")}.`);
        else if (asked.length > 0) say("No machine is recorded on this computer.");
        else say("No machine is recorded on this computer, and no provider's token is set.");
        return complete ? 0 : 3;
      }),
    );
}
