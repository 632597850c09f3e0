import { Argument, Option } from "@commander-js/extra-typings";
import { ReportedError } from "../../sweep/errors.ts";
import { exits, newCommand } from "../command.ts";
import { print, say } from "../output.ts";
import { SHELLS, setLines, shellOf, unsetLines } from "./shell-lines.ts";

/** `sim-pipeline machines env` */
export function envCommand() {
  return newCommand(
    "env",
    "Prints what points docker, and `sim-pipeline run`, at a machine, for your shell to evaluate. " +
      "The docker client runs plain `ssh`: so that this knows the machine, a line of ours is added " +
      "once to the top of ~/.ssh/config.",
    [
      ['eval "$(sim-pipeline machines env box)"', "in sh, bash, zsh"],
      ["sim-pipeline machines env box | source", "in fish"],
      ["sim-pipeline machines env box | Invoke-Expression", "in PowerShell"],
      ['eval "$(sim-pipeline machines env -u)"', "points them back at this computer"],
    ],
  )
    .addArgument(
      new Argument("[machine]", "its name, as `machines ls` shows it; one of several is NAME-1, …"),
    )
    .option("-u, --unset", "print what takes it back")
    .addOption(
      new Option("--shell <name>", "for which shell (default: the one of SHELL)").choices(SHELLS),
    )
    .action(
      exits(async (name, { unset, shell: asked }) => {
        const shell = asked ?? shellOf(process.env);
        if (unset) {
          await print(unsetLines(shell));
          return 0;
        }
        if (name === undefined) {
          throw new ReportedError(2, "Name the machine: `sim-pipeline machines env NAME`, or -u.");
        }
        const { pointAt } = await import("./point.ts");
        await print(setLines(shell, await pointAt(name)));
        if (process.stdout.isTTY) {
          say(`# Let your shell evaluate it: eval "$(sim-pipeline machines env ${name})"`);
        }
        return 0;
      }),
    );
}
