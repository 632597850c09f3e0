import { providerOf } from "../../machines/account.ts";
import { callName } from "../../machines/labels.ts";
import { powerMachines } from "../../machines/power.ts";
import type { Billing } from "../../machines/provider.ts";
import { reachOf } from "../../machines/reach.ts";
import { checkUnused } from "./in-use.ts";
import { named, never, openOwn, ownStore, settle, tell } from "./work.ts";

export interface Switched {
  readonly name: string;
  /** By which it is given back. */
  readonly label: string;
  readonly billing: Billing;
  readonly pricePerHour: number | null;
}

/** Powers machines off, or on again, and tells which they were. @throws ReportedError */
export async function switchAll(
  names: readonly string[],
  on: boolean,
  force: boolean,
): Promise<readonly Switched[]> {
  const store = await ownStore();
  await settle(store, never);
  const { records } = await store.list();
  // All names are looked at before anything is done.
  const asked = names.map((name) => ({ name, ...named(records, name) }));
  if (!on && !force) for (const { name, record } of asked) checkUnused(name, record, "stopped");
  const done: Switched[] = [];
  for (const { record, machines } of asked) {
    await using provider = await providerOf(record, openOwn, never);
    await powerMachines({
      provider,
      store,
      signal: never,
      onStep: tell,
      lease: record.id,
      ids: machines.map(({ id }) => id),
      on,
      reach: reachOf(provider.name),
    });
    for (const machine of machines) {
      const { pricePerHour } = machine;
      const label = record.label ?? record.id;
      const { billing } = provider;
      done.push({ name: callName(record, machine), label, billing, pricePerHour });
    }
  }
  return done;
}
