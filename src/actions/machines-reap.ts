import { warning } from "@actions/core";
import type { UsedMachine } from "../machines/lease-types.ts";
import type { Provider } from "../machines/provider.ts";
import { reap } from "../machines/reap.ts";
import { costText, stillThere } from "./machines-down.ts";

/**
 * Removes what outlived its deadline, whoever rented it, and warns of each: another net has failed.
 * Machines whose time is not over stay, and so do those that only carry our tag.
 *
 * @throws ReportedError naming what is overdue and still there.
 */
export async function reapAll(
  provider: Provider,
  stop: AbortSignal,
  say: (line: string) => void,
): Promise<readonly UsedMachine[]> {
  const found = await reap({
    provider,
    store: null,
    signal: stop,
    onStep: ({ text }) => say(text),
  });
  for (const { machine, why } of found.kept) say(`${machine.name} stays: ${why}`);
  for (const { name, id } of found.foreign) {
    warning(
      `${name} (${id}) carries the tag sim-pipeline and is none of ours by its name: it is left alone. ` +
        "Take the tag from it, or remove it yourself.",
    );
  }
  for (const machine of found.removed) {
    const since = new Date(machine.created).toISOString().slice(0, 16).replace("T", " ");
    warning(
      `${machine.name} (${machine.size}, run ${machine.run}) was over its deadline and has been removed; ` +
        `it was there since ${since} UTC: ${costText([machine], provider.billing)}. ` +
        "Look at that run for why it was not given back.",
      { title: "A machine had leaked" },
    );
  }
  if (found.overdue.length > 0) throw stillThere(found.overdue);
  return found.removed;
}
