import { Option } from "@commander-js/extra-typings";
import { exits, jsonOption, newCommand, wholeNumber } from "../command.ts";
import {
  amount,
  countOption,
  deadlineOption,
  regionOption,
  sizeOption,
} from "../machine-options.ts";
import { print, printJson, say } from "../output.ts";
import { listenToSignals } from "../signals.ts";
import { requiredProviderOption } from "./options.ts";

/** `sim-pipeline machines create` */
export function createCommand() {
  return newCommand(
    "create",
    "Rents machines with Docker on them. They are yours until `machines rm`; at their deadline they " +
      "power themselves off, which ends their work and, with most providers, not their cost.",
    [
      ["sim-pipeline machines create box --provider digitalocean --size c-2", "one machine"],
      [
        "sim-pipeline machines create box --provider digitalocean --size c-8 --deadline 2h",
        "for a shorter time than 8 hours",
      ],
      [
        "sim-pipeline machines create pool --provider digitalocean --size c-2 --count 10 --at-least 7",
        "pool-1 to pool-10; seven will do",
      ],
    ],
  )
    .argument(
      "<name>",
      "what you call it: up to 40 of a-z, 0-9 and -; several are NAME-1, NAME-2, …",
    )
    .addOption(requiredProviderOption())
    .addOption(sizeOption())
    .addOption(regionOption())
    .addOption(countOption())
    .addOption(
      new Option(
        "--at-least <number>",
        "go on with fewer than --count, but not with fewer than this; else all are given back " +
          "(default: all of them)",
      ).argParser(wholeNumber(1)),
    )
    .addOption(deadlineOption())
    .addOption(
      new Option(
        "--max-cost <amount>",
        "rent nothing that would cost more than this until its deadline, in dollars",
      ).argParser(amount),
    )
    .addOption(jsonOption())
    .action(
      exits(async (name, { json, provider, ...flags }) => {
        // All that rents is loaded only now, so that --help and completion are quick.
        const { createKept } = await import("./kept.ts");
        const { keptJson, keptText, nextText } = await import("./kept-text.ts");
        using signals = listenToSignals(say, {
          first: "giving back what was rented; again: leave it, and give it back later.",
          second: "left as it is. `sim-pipeline machines reap` gives back what was rented.",
        });
        const onKill = () => process.exit(signals.exitCode() ?? 130);
        signals.kill.addEventListener("abort", onKill);
        try {
          const kept = await createKept({ name, provider, ...flags }, signals.stop);
          if (json) await printJson(keptJson(kept));
          else await print(keptText(kept, process.stdout));
          say(nextText(kept));
          return 0;
        } catch (error) {
          if (!isCutOff(error, signals.stop)) throw error;
          say("Interrupted; nothing is left of what was rented.");
          return signals.exitCode() ?? 1;
        } finally {
          signals.kill.removeEventListener("abort", onKill);
        }
      }),
    );
}

/** What a signal cut off is no failure to tell about. */
function isCutOff(error: unknown, stop: AbortSignal): boolean {
  if (!stop.aborted) return false;
  return error === stop.reason || (error instanceof Error && error.name === "AbortError");
}
