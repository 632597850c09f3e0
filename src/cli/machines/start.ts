import { exits, newCommand } from "../command.ts";
import { say } from "../output.ts";
import { machinesArgument } from "./options.ts";

/** `sim-pipeline machines start` */
export function startCommand() {
  return newCommand(
    "start",
    "Powers machines on again, and waits until their Docker answers. Their deadline stays as it was.",
    [["sim-pipeline machines start box", "also after its deadline was near, or a `machines stop`"]],
  )
    .addArgument(machinesArgument())
    .action(
      exits(async (names) => {
        const { switchAll } = await import("./switch.ts");
        for (const { name } of await switchAll(names, true, false)) say(`${name} runs.`);
        return 0;
      }),
    );
}
