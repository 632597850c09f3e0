/** What the commands about machines have in common; loaded by their actions only. */

import { existsSync } from "node:fs";
import { isConfigured } from "../../machines/configured.ts";
import { knownNames, lookUp, type Named } from "../../machines/labels.ts";
import type { LeaseEvent } from "../../machines/lease-types.ts";
import type { ProviderName } from "../../machines/provider.ts";
import { openProvider, providersHere } from "../../machines/providers.ts";
import { isAbandoned, type LeaseRecord } from "../../machines/record.ts";
import { settleLeases } from "../../machines/settle.ts";
import { openStore, type Store, storeFolder } from "../../machines/store.ts";
import { ReportedError } from "../../sweep/errors.ts";
import { harmlessText, say } from "../output.ts";

/** Opens a provider with this process's environment. */
export const openOwn = (name: ProviderName) => openProvider(name, process.env);

/** The leases of this computer. */
export async function ownStore(): Promise<Store> {
  return await openStore(storeFolder(process.env));
}

/** The same where there is one, for what must not leave anything behind. */
export async function existingStore(): Promise<Store | null> {
  return existsSync(storeFolder(process.env)) ? await ownStore() : null;
}

export const tell = ({ text }: Pick<LeaseEvent, "text">): void => say(harmlessText(text));

/** For what ends with the process. */
export const never: AbortSignal = new AbortController().signal;

/** Gives back what dead processes left, and says what could not be. Asks nobody where nothing is. */
export async function settle(store: Store, signal: AbortSignal): Promise<void> {
  const tools = { store, signal, openProvider: openOwn, onStep: tell };
  for (const problem of (await settleLeases(tools)).problems) say(harmlessText(problem));
}

/** Only says that something was left, where nothing is asked of a provider otherwise. */
export function mention(records: readonly LeaseRecord[]): void {
  for (const { id, run, provider } of records.filter(isAbandoned)) {
    say(
      `Lease ${id} (${provider}) of ${run} is left of a process that died: its run's next start takes ` +
        "the machines over, `sim-pipeline machines reap` gives them back.",
    );
  }
}

/** Whom to ask where nobody is named: of whom something was rented, and whose token is set. */
export async function providersToAsk(
  records: readonly LeaseRecord[],
  named: ProviderName | undefined,
): Promise<readonly ProviderName[]> {
  if (named !== undefined) return [named];
  return providersHere().filter(
    (name) => records.some(({ provider }) => provider === name) || isConfigured(name, process.env),
  );
}

/** The one provider that the environment is set up for. @throws ReportedError (2) where it is not one. */
export function onlyProvider(): ProviderName {
  const [name, ...others] = providersHere().filter((one) => isConfigured(one, process.env));
  if (name !== undefined && others.length === 0) return name;
  throw new ReportedError(
    2,
    name === undefined
      ? "No provider's token is set: say whom to ask with --provider, as --provider digitalocean."
      : `Several providers are set up (${[name, ...others].join(", ")}): choose one with --provider.`,
  );
}

/** The machines of a name. @throws ReportedError (2) where there are none, with those there are. */
export function named(records: readonly LeaseRecord[], name: string): Named {
  const found = lookUp(records, name);
  if (found !== null && found.machines.length > 0) return found;
  if (found !== null) {
    throw new ReportedError(
      2,
      `${name} has no machine yet, or none any more.\n\`sim-pipeline machines ls\` tells more.`,
    );
  }
  throw new ReportedError(
    2,
    `There is no machine ${JSON.stringify(name)} here.\n${known(records)}`,
  );
}

/** The one machine of a name. @throws ReportedError (2) where it stands for several. */
export function namedOne(records: readonly LeaseRecord[], name: string) {
  const { record, machines } = named(records, name);
  const [machine, ...others] = machines;
  if (machine !== undefined && others.length === 0) return { record, machine };
  throw new ReportedError(
    2,
    `${name} has ${machines.length} machines: name one of ${knownNames([record]).join(", ")}.`,
  );
}

export function known(records: readonly LeaseRecord[]): string {
  const names = knownNames(records);
  return names.length === 0
    ? "None is recorded on this computer; `sim-pipeline machines create` rents one."
    : `There is: ${names.join(", ")}.`;
}
