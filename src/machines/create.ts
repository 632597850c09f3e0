import { backoff } from "./clock.ts";
import { machineName } from "./names.ts";
import { type Machine, type Offer, type Order, ProviderError } from "./provider.ts";
import {
  type LeaseRecord,
  openNames,
  type RecordedMachine,
  tagsOf,
  withMachines,
} from "./record.ts";
import { firstLine, isUnavailable, type LeaseWork, machinesOf } from "./work.ts";

/** Milliseconds until every machine has to run and have its address. */
const ADDRESS_PATIENCE = 10 * 60_000;

/** Milliseconds after which what a create call without an answer may have made is given up. */
const UNKNOWN_PATIENCE = 2 * 60_000;

/** Milliseconds for one create call's answer. It is not cut off earlier: its end would be unknown. */
const CALL_TIMEOUT = 90_000;

/**
 * Asks for a lease's machines, in as many calls as the provider needs; each is journalled before.
 * After one that failed no more is asked for.
 *
 * @returns the error of that call, where there was one.
 */
export async function createMachines(
  work: LeaseWork,
  offer: Offer,
  userData: string,
): Promise<ProviderError | null> {
  const { provider } = work;
  const record = work.record();
  const names = Array.from({ length: record.count }, (_, index) => machineName(record, index));
  const first = { at: await provider.now(work.signal), ours: work.clock.now() };
  for (let start = 0; start < names.length; start += provider.batch) {
    const part = names.slice(start, start + provider.batch);
    const called = first.at + work.clock.now() - first.ours;
    const order: Order = {
      names: part,
      size: offer.size.name,
      region: offer.region,
      tags: tagsOf(record),
      userData,
    };
    work.tell("create", part, `creating ${part.join(", ")} (${order.size}, ${order.region})`);
    const failure = await createOnce(work, order, called);
    work.signal.throwIfAborted();
    if (failure !== null) return failure;
  }
  return null;
}

async function createOnce(
  work: LeaseWork,
  order: Order,
  called: number,
): Promise<ProviderError | null> {
  const { names } = order;
  await work.change((record) => ({
    ...record,
    calls: [...record.calls, { names: [...names], called, end: "open" }],
  }));
  let made: readonly Machine[];
  try {
    made = await work.provider.create(order, AbortSignal.timeout(CALL_TIMEOUT));
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    if (!isUnavailable(error)) await work.change((record) => ended(record, "refused"));
    return error;
  }
  await work.change((record) => ended(withMachines(record, made, { seen: false }), "done"));
  return null;
}

/** The last call's end. */
function ended(record: LeaseRecord, end: "done" | "refused"): LeaseRecord {
  const calls = record.calls.map((call, i) =>
    i === record.calls.length - 1 ? { ...call, end } : call,
  );
  return { ...record, calls };
}

/**
 * Resolves when every machine of the lease runs and has its address, or is marked as failed, and
 * when what calls without an answer made is known or given up.
 */
export async function awaitAddresses(work: LeaseWork, atLeast: number): Promise<void> {
  const began = work.clock.now();
  for (let tried = 1; ; tried++) {
    const waited = work.clock.now() - began;
    const shown = await listed(work, waited);
    if (shown !== null) {
      await work.change((record) => judged(record, shown));
      const missing = waited < UNKNOWN_PATIENCE ? openNames(work.record()) : [];
      const coming = usable(work.record()).filter((machine) => !isUp(machine, shown));
      if (coming.length === 0 && missing.length === 0) return;
      if (usable(work.record()).length + missing.length < atLeast) return;
      if (waited >= ADDRESS_PATIENCE) {
        const late = new Set(coming.map(({ id }) => id));
        return await work.change((record) =>
          withFailed(record, late, `had no address after ${ADDRESS_PATIENCE / 60_000} minutes`),
        );
      }
      const names = [...coming.map(({ name }) => name), ...missing];
      if (tried === 1) work.tell("address", names, `waiting for ${names.join(", ")}`);
    }
    await work.clock.wait(backoff(tried), work.signal);
  }
}

/** Null where the provider does not answer and there is time left. */
async function listed(work: LeaseWork, waited: number): Promise<readonly Machine[] | null> {
  try {
    return await machinesOf(work);
  } catch (error) {
    work.signal.throwIfAborted();
    if (!isUnavailable(error) || waited >= ADDRESS_PATIENCE) throw error;
    work.tell("retry", [], `asking again for addresses: ${firstLine(error)}`);
    return null;
  }
}

/** The record with what is shown, and with what has come to nothing marked as failed. */
function judged(before: LeaseRecord, shown: readonly Machine[]): LeaseRecord {
  const there = new Map(shown.map((machine) => [machine.id, machine.state]));
  const record = withMachines(before, shown, { seen: true });
  const vanished = record.machines.filter(({ id, seen }) => seen && !there.has(id));
  const stopped = record.machines.filter(({ id }) => {
    const state = there.get(id);
    return state === "stopped" || state === "removing";
  });
  const ids = (machines: readonly RecordedMachine[]) => new Set(machines.map(({ id }) => id));
  return withFailed(
    withFailed(record, ids(vanished), "disappeared"),
    ids(stopped),
    "was powered off or removed by somebody else",
  );
}

/** The record with these machines marked as of no use, for this reason. */
export function withFailed(
  record: LeaseRecord,
  ids: ReadonlySet<string>,
  reason: string,
): LeaseRecord {
  const machines = record.machines.map((one) =>
    ids.has(one.id) && one.failed === null ? { ...one, failed: reason } : one,
  );
  return { ...record, machines };
}

/** Machines that may be used, in the order of their names. */
export function usable(record: LeaseRecord): readonly RecordedMachine[] {
  return record.machines
    .filter(({ failed, gone }) => failed === null && gone === null)
    .sort((a, b) => indexOf(a) - indexOf(b));
}

function indexOf({ name }: RecordedMachine): number {
  return Number(name.slice(name.lastIndexOf("-") + 1));
}

function isUp({ id, address }: RecordedMachine, shown: readonly Machine[]): boolean {
  return address !== null && shown.find((one) => one.id === id)?.state === "running";
}
