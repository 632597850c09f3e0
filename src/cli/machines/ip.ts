import { exits, jsonOption, newCommand } from "../command.ts";
import { print, printJson } from "../output.ts";
import { machineArgument } from "./options.ts";

/** `sim-pipeline machines ip` */
export function ipCommand() {
  return newCommand("ip", "Prints a machine's public address; of several, one a line.", [
    ["sim-pipeline machines ip box", "192.0.2.7"],
    ["sim-pipeline machines ip box --json", "with the private address and the port of SSH"],
  ])
    .addArgument(machineArgument())
    .addOption(jsonOption())
    .action(
      exits(async (name, { json }) => {
        const { mention, named, ownStore } = await import("./work.ts");
        const { callName } = await import("../../machines/labels.ts");
        const { records } = await (await ownStore()).list();
        mention(records);
        const { record, machines } = named(records, name);
        if (json) {
          await printJson(
            machines.map(({ address, privateAddress, port, ...machine }) => ({
              name: callName(record, machine),
              address,
              privateAddress,
              port,
            })),
          );
        } else await print(machines.map(({ address }) => `${address ?? "-"}\n`));
        return 0;
      }),
    );
}
