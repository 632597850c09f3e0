import { backoff, realClock } from "./clock.ts";
import { LeaseError, type LeaseTools, type Released, type UsedMachine } from "./lease-types.ts";
import type { Machine } from "./provider.ts";
import { type LeaseRecord, openNames, type RecordedMachine, withMachines } from "./record.ts";
import {
  accountOf,
  firstLine,
  isUnavailable,
  type LeaseWork,
  lockPatiently,
  machinesOf,
  patiently,
  workOn,
} from "./work.ts";

/** Milliseconds for which a release is tried: an outage of five minutes is survived. */
const PATIENCE = 10 * 60_000;

/**
 * Milliseconds, by the provider's clock, after which what a create call without an answer did not
 * make will not come any more.
 */
const NEVER_COMES = 15 * 60_000;

/** The same for a machine that the provider said it made and that no listing has shown. */
const LISTING_LAG = 2 * 60_000;

/** Milliseconds that this process waits for what such a call may have made. */
const WAIT_FOR_UNKNOWN = 60_000;

/** How long one process tries. */
export interface ReleasePatience {
  /** Milliseconds for machines that are there, and for a provider that does not answer. */
  readonly patience?: number | undefined;
  /** Milliseconds for machines that may still come. */
  readonly unknown?: number | undefined;
}

/**
 * Gives back the machines of a lease, whoever holds it.
 * @throws LeaseError where a listing could not confirm it in time; the record remains.
 * @returns null where there is no such lease (any more).
 */
export async function releaseLease(
  options: LeaseTools & { readonly id: string } & ReleasePatience,
): Promise<Released | null> {
  const { id, store, signal, clock = realClock } = options;
  using lock = await lockPatiently({ store, clock, signal }, id, options.patience ?? PATIENCE);
  const record = lock === null ? null : await store.read(id);
  return record === null ? null : await endLease(workOn(record, options), options);
}

/**
 * Removes every machine of a locked lease by its id, and forgets the lease once a listing has
 * confirmed that nothing of it is left.
 * @throws LeaseError where that could not be confirmed; the record remains, for a later process.
 */
export async function endLease(held: LeaseWork, how: ReleasePatience = {}): Promise<Released> {
  const work = unhindered(held);
  try {
    await work.change((record) => ({ ...record, state: "releasing" }));
    if (mayExist(work.record())) {
      await checkAccount(work, how);
      await removeAll(work, how);
    }
  } catch (error) {
    await work.change((record) => ({ ...record, holder: null }));
    throw unconfirmed(work.record(), error);
  }
  const { id, run, machines } = work.record();
  await work.store.remove(id);
  work.tell("gone", [], goneText(work.record()));
  const released = { lease: id, run, used: machines.flatMap(usedOf) };
  work.onEnd?.(released);
  return released;
}

/**
 * The same work, which a journal that cannot be written does not stop: on a full disk machines are
 * given back all the same. What it has is older then, and still leads a later process to them.
 */
function unhindered(work: LeaseWork): LeaseWork {
  let told = false;
  const change: LeaseWork["change"] = async (how) => {
    try {
      await work.change(how);
    } catch (error) {
      if (!told) work.tell("failed", [], firstLine(error));
      told = true;
    }
  };
  return { ...work, change };
}

/** @throws Error with a token of another account: its listing shows nothing, and proves nothing. */
async function checkAccount(work: LeaseWork, { patience = PATIENCE }: ReleasePatience) {
  const { account } = work.record();
  const ours = await patiently(work, patience, () => accountOf(work));
  if (account !== ours) {
    throw new Error(`it was rented with the account ${account}, and this token is of ${ours}`);
  }
}

/** False where no create call was made, or all were refused. */
function mayExist({ calls, machines }: LeaseRecord): boolean {
  return machines.length > 0 || calls.some(({ end }) => end !== "refused");
}

async function removeAll(work: LeaseWork, how: ReleasePatience): Promise<void> {
  const { patience = PATIENCE, unknown = WAIT_FOR_UNKNOWN } = how;
  const began = work.clock.now();
  const told = new Set<string>();
  for (let tried = 1; ; tried++) {
    const rest = await removeOnce(work, told).catch((error: unknown) => {
      work.signal.throwIfAborted();
      if (isUnavailable(error)) return error;
      throw error;
    });
    const waited = work.clock.now() - began;
    if (rest instanceof Error) {
      if (waited >= patience) throw rest;
      work.tell("retry", [], `removing again: ${firstLine(rest)}`);
    } else {
      if (rest.left.length === 0 && rest.unknown.length === 0) return;
      if (waited >= (rest.left.length > 0 ? patience : unknown)) throw new StillThere(rest);
    }
    await work.clock.wait(backoff(tried), work.signal);
  }
}

interface Rest {
  /** Machines that a listing shows, or will show. */
  readonly left: readonly string[];
  /** Names that a create call without an answer may still bring. */
  readonly unknown: readonly string[];
}

class StillThere extends Error {
  readonly rest: Rest;

  constructor(rest: Rest) {
    super(rest.left.length > 0 ? "they are still listed" : "the create call got no answer");
    this.rest = rest;
  }
}

/**
 * Looks what is there, asks for its end, and tells what was there.
 * @param told names whose removal was told: a machine that is on its way out may be listed for a while.
 */
async function removeOnce(work: LeaseWork, told: Set<string>): Promise<Rest> {
  const now = await work.provider.now(work.signal);
  const shown = await machinesOf(work);
  await work.change((record) => withGone(withMachines(record, shown, { seen: true }), shown, now));
  const left = work.record().machines.filter(({ gone }) => gone === null);
  const going = new Set(shown.filter(({ state }) => state === "removing").map(({ id }) => id));
  const asked = left.filter(({ id }) => !going.has(id));
  if (asked.length > 0) {
    const names = asked.map(({ name }) => name).filter((name) => !told.has(name));
    if (names.length > 0) work.tell("remove", names, `removing ${names.join(", ")}`);
    for (const name of names) told.add(name);
    await work.provider.remove(
      asked.map(({ id }) => id),
      work.signal,
    );
  }
  return { left: left.map(({ name }) => name), unknown: awaitedNames(work.record(), now) };
}

/** The record after a listing: what it does not show is gone, unless it may not show it yet. */
function withGone(record: LeaseRecord, shown: readonly Machine[], now: number): LeaseRecord {
  const there = new Set(shown.map(({ id }) => id));
  const machines = record.machines.map((one) => {
    const isGone = one.seen || now - one.created > LISTING_LAG;
    return one.gone === null && !there.has(one.id) && isGone ? { ...one, gone: now } : one;
  });
  return { ...record, machines };
}

/** Names of calls without an answer that nothing has been seen of, while they may still come. */
function awaitedNames({ calls, machines }: LeaseRecord, now: number): readonly string[] {
  const coming = calls.filter(({ called }) => now - called <= NEVER_COMES);
  return openNames({ calls: coming, machines });
}

function goneText({ id, machines }: LeaseRecord): string {
  const [only] = machines;
  if (only === undefined) return `nothing of lease ${id} was made`;
  if (machines.length === 1) return `${only.name} is gone`;
  return `all ${machines.length} machines of lease ${id} are gone`;
}

/** What a machine that is gone was used for; none while it is there. */
export function usedOf(machine: RecordedMachine): UsedMachine[] {
  const { id, name, size, region, pricePerHour, created, gone } = machine;
  return gone === null ? [] : [{ id, name, size, region, pricePerHour, created, gone }];
}

function unconfirmed(record: LeaseRecord, cause: unknown): LeaseError {
  const there = record.machines.filter(({ gone }) => gone === null).map(({ name }) => name);
  const open = cause instanceof StillThere ? cause.rest.unknown : openNames(record);
  const names = [...new Set([...there, ...open])];
  const text =
    there.length === 0
      ? `Not known whether ${names.join(", ")} will come to be: ${firstLine(cause)}.\n`
      : `Not confirmed that ${names.join(", ")} ${names.length === 1 ? "is" : "are"} gone: ${firstLine(cause)}.\n`;
  return new LeaseError(
    `${text}What is left costs money. Lease ${record.id} stays recorded: ` +
      "run `sim-pipeline machines reap` in a while, and look into the provider's control panel. " +
      `Each machine powers itself off ${record.minutes} minutes after its creation, which ends its ` +
      "work and, with most providers, not its cost.",
    names,
    { cause },
  );
}
