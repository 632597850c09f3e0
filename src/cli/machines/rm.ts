import { exits, jsonOption, newCommand } from "../command.ts";
import { printJson } from "../output.ts";
import { forceOption, machinesArgument } from "./options.ts";

/** `sim-pipeline machines rm` */
export function rmCommand() {
  return newCommand(
    "rm",
    "Gives machines back, with all that is on them, and waits until their provider lists them no " +
      "more. What is gone already is no error.",
    [
      ["sim-pipeline machines rm box", "one, or all of that name"],
      ["sim-pipeline machines rm box pool", "several"],
      [
        "sim-pipeline machines rm sim-abcdefghij-0 --force",
        "one of another computer's, or of a run that goes on",
      ],
    ],
  )
    .addArgument(machinesArgument())
    .addOption(forceOption("also what a run uses just now, or another computer rented"))
    .addOption(jsonOption())
    .action(
      exits(async (names, { force, json }) => {
        const { giveBack } = await import("./give-back.ts");
        const removed = await giveBack(names, force ?? false);
        if (json) await printJson(removed);
        return 0;
      }),
    );
}
