import { exits, newCommand } from "../command.ts";
import { say } from "../output.ts";
import { forceOption, machinesArgument } from "./options.ts";

/** `sim-pipeline machines stop` */
export function stopCommand() {
  return newCommand(
    "stop",
    "Powers machines off; what is on their disks stays. Most providers charge them as if they ran: " +
      "only `machines rm` ends that.",
    [["sim-pipeline machines stop box", "`machines start box` powers it on again"]],
  )
    .addArgument(machinesArgument())
    .addOption(forceOption("also one that a run uses just now"))
    .action(
      exits(async (names, { force }) => {
        const { switchAll } = await import("./switch.ts");
        const { money } = await import("../../machines/cost.ts");
        for (const { name, label, billing, pricePerHour } of await switchAll(
          names,
          false,
          force ?? false,
        )) {
          const price =
            pricePerHour === null ? "" : ` (${money(pricePerHour, billing.currency)} an hour)`;
          say(
            billing.stoppedCosts && pricePerHour !== 0
              ? `${name} is stopped and still costs as much as before${price}: ` +
                  `\`sim-pipeline machines rm ${label}\` ends that.`
              : `${name} is stopped.`,
          );
        }
        return 0;
      }),
    );
}
