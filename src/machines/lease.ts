import { ReportedError } from "../sweep/errors.ts";
import { adoptLease } from "./adopt.ts";
import { bringUp } from "./bring-up.ts";
import { realClock } from "./clock.ts";
import { awaitAddresses, createMachines, usable } from "./create.ts";
import { thisHolder } from "./holder.ts";
import {
  type AcquireOptions,
  type Lease,
  type LeasedMachine,
  LeaseError,
  type Reach,
  type Released,
} from "./lease-types.ts";
import { newLeaseId } from "./names.ts";
import type { Offer, ProviderError } from "./provider.ts";
import { reachOf } from "./reach.ts";
import { deadlineOf, type LeaseRecord, newRecord, type RecordedMachine } from "./record.ts";
import { endLease, releaseLease, usedOf } from "./release.ts";
import { accountOf, firstLine, type LeaseWork, regardless, workOn } from "./work.ts";

/**
 * Rents machines and resolves when at least `atLeast` of them are set up, are reached by SSH under a
 * host key of their own, and have a Docker that answers. Machines of an earlier, killed process of
 * the same run are taken over where they fit. Whatever fails on the way, and an abort, gives back
 * what was rented before this rejects.
 *
 * @throws ReportedError (2) for a request that is wrong in itself, with nothing rented.
 * @throws ProviderError the provider's, once nothing of the lease is left.
 * @throws LeaseError where too few machines came up; `left` names what could not be given back.
 */
export async function acquireLease(options: AcquireOptions): Promise<Lease> {
  const earlier = await takeUpLease(options);
  if (earlier !== null) return earlier;
  const reach = options.reach ?? reachOf(options.provider.name);
  const { provider, store, signal } = options;
  const offer = await provider.check(options.request, signal);
  const account = await accountOf(options);
  const record = newRecord({
    id: newLeaseId(),
    provider: provider.name,
    account,
    run: options.run,
    attempt: options.attempt,
    minutes: options.minutes,
    label: options.label,
    size: offer.size.name,
    region: offer.region,
    count: options.request.count,
    holder: thisHolder(),
  });
  await store.create(record);
  using _lock = store.lock(record.id);
  const work = workOn(record, options);
  try {
    await rent(work, offer, options, reach);
  } catch (error) {
    throw await givenBack(work, error);
  }
  return leaseOn(work.record(), options, reach, { adopted: false });
}

/**
 * Takes over the machines of an earlier, killed process of the same run, where they fit, and gives
 * back those that do not. Null where none is left; nothing is rented.
 *
 * @throws as `acquireLease`.
 */
export async function takeUpLease(options: AcquireOptions): Promise<Lease | null> {
  await checkOptions(options);
  if (options.label !== null) return null;
  const reach = options.reach ?? reachOf(options.provider.name);
  const adopted = await adoptLease(options, reach);
  return adopted === null ? null : leaseOn(adopted, options, reach, { adopted: true });
}

async function rent(
  work: LeaseWork,
  offer: Offer,
  options: AcquireOptions,
  reach: Reach,
): Promise<void> {
  const { atLeast } = options;
  const userData = await reach.prepare(work.record(), work.store, work.signal);
  const failure = await createMachines(work, offer, userData);
  const { calls, machines, count } = work.record();
  const open = calls.filter(({ end }) => end === "open").flatMap(({ names }) => names).length;
  if (failure !== null && machines.length + open < atLeast) {
    throw tooFew(failure, machines.length, count, atLeast);
  }
  await awaitAddresses(work, atLeast);
  if (failure !== null && usable(work.record()).length < atLeast) {
    throw tooFew(failure, usable(work.record()).length, count, atLeast);
  }
  await work.change((record) => ({ ...record, state: "created" }));
  await bringUp(work, atLeast, reach);
  await work.change((record) => ({
    ...record,
    state: "ready",
    holder: record.label === null ? record.holder : null,
  }));
}

/** A create call's failure, with what it means for the lease. */
function tooFew(failure: ProviderError, came: number, count: number, atLeast: number): Error {
  if (came === 0) return failure;
  return new LeaseError(
    `${came} of ${count} machines came, at least ${atLeast} are wanted: ${failure.message}`,
    [],
    { cause: failure },
  );
}

/** The error to throw, once all of the lease is given back. */
async function givenBack(work: LeaseWork, error: unknown): Promise<unknown> {
  try {
    await endLease(regardless(work));
    return error;
  } catch (release) {
    const left = release instanceof LeaseError ? release.left : [];
    const text = release instanceof Error ? release.message : String(release);
    return new LeaseError(`${firstLine(error)}\n${text}`, left, { cause: error });
  }
}

function leaseOn(
  record: LeaseRecord,
  options: AcquireOptions,
  reach: Reach,
  { adopted }: { readonly adopted: boolean },
): Lease {
  const { provider, store, onStep, clock = realClock } = options;
  const machines = usable(record).flatMap(leasedMachine);
  let released: Promise<Released> | null = null;
  let wasCalled = false;
  const release = async (signal: AbortSignal): Promise<Released> => {
    const ended = await releaseLease({ provider, store, signal, onStep, clock, id: record.id });
    return ended ?? (await endedByAnother(record, options, signal));
  };
  return {
    id: record.id,
    deadline: Math.min(...machines.map((machine) => deadlineOf(machine, record))),
    machines,
    adopted,
    env: (machine) => reach.env(machine, store),
    release: async (signal) => {
      wasCalled = true;
      released ??= release(signal).catch((error: unknown) => {
        released = null;
        throw error;
      });
      return await released;
    },
    async [Symbol.asyncDispose]() {
      if (!wasCalled && record.label === null) await release(new AbortController().signal);
    },
  };
}

/** What is told of a lease that another process ended: `reap` after its deadline, or `rm`. */
async function endedByAnother(
  { id, run, machines }: LeaseRecord,
  { provider }: AcquireOptions,
  signal: AbortSignal,
): Promise<Released> {
  const now = await provider.now(signal);
  const used = machines.flatMap((machine) => usedOf({ ...machine, gone: machine.gone ?? now }));
  return { lease: id, run, used };
}

function leasedMachine(machine: RecordedMachine): LeasedMachine[] {
  const { id, name, size, region, address, privateAddress, port, created, pricePerHour } = machine;
  if (address === null) return [];
  return [{ id, name, size, region, address, privateAddress, port, created, pricePerHour }];
}

/** Names of runs and machines: what every provider's tags and GitHub's labels may hold. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

/** @throws ReportedError (2) for what cannot name a run or a machine. */
export function checkLabel(name: string): void {
  if (NAME.test(name)) return;
  throw new ReportedError(
    2,
    `${JSON.stringify(name)} cannot name machines: use up to 40 of a-z, 0-9 and \`-\`, ` +
      "with a letter or digit at both ends.",
  );
}

/** More than a year, which no lease needs. */
const MOST_MINUTES = 525_600;

async function checkOptions(options: AcquireOptions): Promise<void> {
  const { run, label, minutes, atLeast, request, store } = options;
  const wrong = (message: string) => new ReportedError(2, message);
  for (const name of [run, ...(label === null ? [] : [label])]) checkLabel(name);
  if (!isWithin(request.count, 1, Number.MAX_SAFE_INTEGER)) {
    throw wrong(`The count of machines is ${request.count}; it is a whole number from 1 on.`);
  }
  if (!isWithin(atLeast, 1, request.count)) {
    throw wrong(
      `At least ${atLeast} of ${request.count} machines are wanted; ask for 1 to ${request.count}.`,
    );
  }
  if (!isWithin(minutes, 1, MOST_MINUTES)) {
    throw wrong(
      `The deadline is ${minutes} minutes; it is a whole number from 1 to ${MOST_MINUTES}.`,
    );
  }
  if (label === null) return;
  const { records } = await store.list();
  const same = records.find((record) => record.label === label);
  if (same !== undefined) {
    throw wrong(
      `There is a machine ${label} already, in lease ${same.id} (${same.provider}).\n` +
        `Choose another name, or give it back with \`sim-pipeline machines rm ${label}\`.`,
    );
  }
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
