import { providerOf } from "../../machines/account.ts";
import { money, rentalCost } from "../../machines/cost.ts";
import { callName, lookUp } from "../../machines/labels.ts";
import type { UsedMachine } from "../../machines/lease-types.ts";
import type { Provider } from "../../machines/provider.ts";
import type { LeaseRecord } from "../../machines/record.ts";
import { releaseLease } from "../../machines/release.ts";
import type { Store } from "../../machines/store.ts";
import { isMachineName, removeUnrecorded } from "../../machines/unrecorded.ts";
import { excludeMachines } from "../../machines/user-ssh.ts";
import { duration } from "../../report/units.ts";
import { ReportedError } from "../../sweep/errors.ts";
import { harmlessText, say } from "../output.ts";
import { checkUnused } from "./in-use.ts";
import { homeOfSsh } from "./point.ts";
import { known, never, openOwn, ownStore, providersToAsk, settle, tell } from "./work.ts";

/** A machine that is gone, for other programs too. */
export interface Removed {
  readonly name: string;
  readonly machine: string;
  readonly provider: string;
  readonly seconds: number;
  readonly cost: number | null;
  readonly currency: string;
}

/**
 * Gives back what the names stand for; what is gone already is only mentioned.
 * @throws ReportedError (2) for what is in use, or part of a group; LeaseError (3) where a listing
 *   could not confirm it.
 */
export async function giveBack(names: readonly string[], force: boolean): Promise<Removed[]> {
  const store = await ownStore();
  const { records } = await store.list();
  const asked = new Map<string, LeaseRecord>();
  const rest: string[] = [];
  // All names are looked at before anything is done.
  for (const name of names) {
    const found = lookUp(records, name);
    if (found === null) {
      rest.push(name);
      continue;
    }
    if (!found.whole) throw partOf(name, found.record);
    if (!force) checkUnused(name, found.record, "given back");
    asked.set(found.record.id, found.record);
  }
  const removed: Removed[] = [];
  for (const record of asked.values()) removed.push(...(await release(store, record)));
  for (const name of rest) removed.push(...(await releaseUnrecorded(store, name, force)));
  await settle(store, never);
  await forgetStore(store);
  return removed;
}

async function release(store: Store, record: LeaseRecord): Promise<Removed[]> {
  await using provider = await providerOf(record, openOwn, never);
  const options = { provider, store, signal: never, onStep: tell, id: record.id };
  const released = await releaseLease(options);
  if (released === null) {
    say(`${record.label ?? record.id} has just been given back by another process.`);
    return [];
  }
  return released.used.map((used) => told(callName(record, used), used, provider));
}

/** Says what a machine was, and cost. */
function told(name: string, used: UsedMachine, { name: provider, billing }: Provider): Removed {
  const cost = rentalCost(used, used.gone, billing);
  const seconds = Math.max(0, used.gone - used.created) / 1000;
  const price = cost === null || cost === 0 ? "" : `, ${money(cost, billing.currency)}`;
  say(harmlessText(`${name} is gone, after ${duration(seconds)}${price}.`));
  const { currency } = billing;
  return { name, machine: used.name, provider, seconds: Math.round(seconds), cost, currency };
}

function partOf(name: string, record: LeaseRecord): ReportedError {
  const whole = record.label ?? record.id;
  return new ReportedError(
    2,
    `${name} is one of the ${record.count} machines of ${whole}, which are given back together: ` +
      `\`sim-pipeline machines rm ${whole}\`.`,
  );
}

/** A machine that this computer has no record of: another one's, or one that is gone. */
async function releaseUnrecorded(store: Store, name: string, force: boolean): Promise<Removed[]> {
  const { records } = await store.list();
  const asking = isMachineName(name) ? await providersToAsk(records, undefined) : [];
  for (const asked of asking) {
    await using provider = await openOwn(asked);
    const options = { provider, name, signal: never, onStep: tell, force };
    const used = await removeUnrecorded(options);
    if (used !== null) return [told(name, used, provider)];
  }
  say(`There is no machine ${JSON.stringify(name)} here, or none any more. ${known(records)}`);
  return [];
}

/** Takes our line out of the user's ssh configuration once there is no machine that it is for. */
async function forgetStore(store: Store): Promise<void> {
  const { records, damaged } = await store.list();
  if (records.length > 0 || damaged.length > 0) return;
  try {
    const path = await excludeMachines(homeOfSsh(), store.sshConfig);
    if (path !== null) say(`Took our line out of ${path} again: there is no machine left.`);
  } catch (error) {
    // The machines are gone all the same, and the line does no harm.
    if (error instanceof ReportedError) say(error.message);
    else throw error;
  }
}
