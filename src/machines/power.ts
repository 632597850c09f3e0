import { ReportedError } from "../sweep/errors.ts";
import { backoff, realClock } from "./clock.ts";
import { callName } from "./labels.ts";
import type { LeaseTools, Reach } from "./lease-types.ts";
import { deadlineOf, type RecordedMachine, withMachines } from "./record.ts";
import { type LeaseWork, lockPatiently, machinesOf, workOn } from "./work.ts";

/** Milliseconds for another process that works on the lease. */
const LOCK_PATIENCE = 60_000;

/** Milliseconds until a machine that was powered on is listed with its address. */
const ADDRESS_PATIENCE = 2 * 60_000;

/**
 * Powers machines of a lease off, or on again; on, this resolves once they are reached by SSH and
 * their Docker answers, also where they come back with another address.
 *
 * @throws ReportedError (2) where the provider cannot, or where a machine's time is over; (3) where
 *   one is gone or does not come back. ProviderError.
 */
export async function powerMachines(
  options: LeaseTools & {
    readonly lease: string;
    /** The machines' ids. */
    readonly ids: readonly string[];
    readonly on: boolean;
    readonly reach: Reach;
  },
): Promise<void> {
  const { provider, store, signal, clock = realClock, lease, on, reach } = options;
  const { power } = provider;
  if (power === null) {
    throw new ReportedError(
      2,
      `${provider.name} has no way to power machines on and off.\n` +
        "What is not needed any more is given back with `sim-pipeline machines rm`.",
    );
  }
  using lock = await lockPatiently({ store, clock, signal }, lease, LOCK_PATIENCE);
  const record = lock === null ? null : await store.read(lease);
  if (record === null) throw new ReportedError(3, `Lease ${lease} has just been given back.`);
  const work = workOn(record, options);
  const machines = record.machines.filter(({ id }) => options.ids.includes(id));
  if (on) await checkTime(work, machines);
  await allOf(
    machines.map(async ({ id, name }) => {
      work.tell("setup", [name], `powering ${callName(record, { name })} ${on ? "on" : "off"}`);
      await power(id, on, signal);
    }),
  );
  if (!on) return;
  const back = await withAddresses(work, machines);
  await allOf(
    back.map((machine) =>
      reach.connect(machine, work.record(), {
        store,
        signal,
        clock,
        tell: (step, text) => work.tell(step, [machine.name], text),
      }),
    ),
  );
}

/** Waits for all, and throws the first error where one failed. */
async function allOf(work: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(work);
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** A machine whose time is over powers itself off as soon as it is on. */
async function checkTime(work: LeaseWork, machines: readonly RecordedMachine[]): Promise<void> {
  const record = work.record();
  const now = await work.provider.now(work.signal);
  const over = machines.filter((machine) => deadlineOf(machine, record) <= now);
  if (over.length === 0) return;
  const names = over.map((machine) => callName(record, machine)).join(", ");
  throw new ReportedError(
    2,
    `The deadline of ${names} is over: it would power itself off again at once, and is removed by ` +
      "the next `sim-pipeline machines reap`.\nCreate another one, with a longer --deadline.",
  );
}

/** The machines as they came back, with their addresses, which may be others than before. */
async function withAddresses(
  work: LeaseWork,
  machines: readonly RecordedMachine[],
): Promise<readonly RecordedMachine[]> {
  const ids = new Set(machines.map(({ id }) => id));
  const began = work.clock.now();
  for (let tried = 1; ; tried++) {
    const shown = (await machinesOf(work)).filter(({ id }) => ids.has(id));
    const up = shown.filter(({ address, state }) => address !== null && state === "running");
    await work.change((record) => withMachines(record, up, { seen: true }));
    if (up.length === machines.length) {
      return work.record().machines.filter(({ id }) => ids.has(id));
    }
    if (work.clock.now() - began >= ADDRESS_PATIENCE) {
      const late = machines.filter(({ id }) => !up.some((one) => one.id === id));
      throw new ReportedError(
        3,
        `${late.map((one) => callName(work.record(), one)).join(", ")} did not come back.\n` +
          "`sim-pipeline machines status NAME` tells its state.",
      );
    }
    await work.clock.wait(backoff(tried), work.signal);
  }
}
