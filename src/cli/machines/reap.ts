import { exits, jsonOption, newCommand } from "../command.ts";
import { harmlessText, print, printJson, say } from "../output.ts";
import { providerOption } from "./options.ts";

/** `sim-pipeline machines reap` */
export function reapCommand() {
  return newCommand(
    "reap",
    "Removes machines that outlived their deadline, whoever rented them, and those that dead " +
      "processes of this computer left. Exits with 1 where one could not be removed.",
    [
      ["sim-pipeline machines reap", "at every provider that something was rented from"],
      ["sim-pipeline machines reap --provider digitalocean", "on a schedule, on any computer"],
      ["sim-pipeline machines reap --json", "for other programs"],
    ],
  )
    .addOption(providerOption())
    .addOption(jsonOption())
    .action(
      exits(async ({ provider, json }) => {
        const { reapAll } = await import("./reap-all.ts");
        const { reapedJson, reapedText } = await import("./reap-text.ts");
        const { reports, refusals } = await reapAll(provider);
        if (json) await printJson(reports.map(reapedJson));
        else await print(reports.flatMap(reapedText).map((line) => `${harmlessText(line)}\n`));
        for (const refusal of refusals) say(harmlessText(refusal));
        if (refusals.length > 0) return 3;
        const left = reports.some(
          ({ overdue, unsettled }) => overdue.length + unsettled.length > 0,
        );
        return left ? 1 : 0;
      }),
    );
}
