import { usable, withFailed } from "./create.ts";
import { LeaseError, type Reach } from "./lease-types.ts";
import type { RecordedMachine } from "./record.ts";
import { firstLine, type LeaseWork, patiently } from "./work.ts";

/** Milliseconds for the removal of a machine that did not come up; the lease's end sees to it again. */
const REMOVE_PATIENCE = 60_000;

/**
 * Sets up and connects to all machines of the lease at once. One that does not come up is removed
 * and the others go on, as long as enough are left.
 * @throws LeaseError where fewer than `atLeast` come up.
 */
export async function bringUp(work: LeaseWork, atLeast: number, reach: Reach): Promise<void> {
  await removeFailed(work);
  checkEnough(work, atLeast);
  const stop = new AbortController();
  const signal = AbortSignal.any([work.signal, stop.signal]);
  const within: LeaseWork = { ...work, signal };
  const ends = await Promise.allSettled(
    usable(work.record()).map(async (machine) => {
      const failure = await connect(within, machine, reach);
      if (failure === null) return work.tell("ready", [machine.name], `${machine.name} is ready`);
      work.tell("failed", [machine.name], `${machine.name} ${failure}`);
      await work.change((record) => withFailed(record, new Set([machine.id]), failure));
      // Whoever still connects need not: there are too few in any case.
      if (usable(work.record()).length < atLeast) stop.abort();
    }),
  );
  work.signal.throwIfAborted();
  checkEnough(work, atLeast);
  const broken = ends.find((end) => end.status === "rejected");
  if (broken !== undefined) throw broken.reason;
  await removeFailed(work);
}

/** Why the machine does not come up, in the words that follow its name; null where it does. */
async function connect(
  work: LeaseWork,
  machine: RecordedMachine,
  reach: Reach,
): Promise<string | null> {
  const { store, signal, clock } = work;
  try {
    await reach.connect(machine, work.record(), {
      store,
      signal,
      clock,
      tell: (step, text) => work.tell(step, [machine.name], text),
    });
    return null;
  } catch (error) {
    signal.throwIfAborted();
    return `did not come up: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** @throws LeaseError where fewer than `atLeast` machines are left, with what became of the others. */
function checkEnough(work: LeaseWork, atLeast: number): void {
  const { machines, count } = work.record();
  const good = usable(work.record()).length;
  if (good >= atLeast) return;
  const failed = machines.flatMap(({ name, failed }) =>
    failed === null ? [] : [`- ${name} ${failed}`],
  );
  throw new LeaseError(
    `${good} of ${count} machines came up, at least ${atLeast} are wanted: all are given back.\n` +
      `${failed.join("\n")}${failed.length === 0 ? "No machine appeared." : ""}`,
    [],
  );
}

/** Removes what is of no use at once, since it costs; the lease's end confirms that it is gone. */
async function removeFailed(work: LeaseWork): Promise<void> {
  const failed = work.record().machines.filter(({ failed, gone }) => failed !== null && !gone);
  if (failed.length === 0) return;
  const names = failed.map(({ name }) => name).join(", ");
  work.tell(
    "remove",
    failed.map(({ name }) => name),
    `removing ${names}`,
  );
  try {
    await patiently(work, REMOVE_PATIENCE, () =>
      work.provider.remove(
        failed.map(({ id }) => id),
        work.signal,
      ),
    );
  } catch (error) {
    work.signal.throwIfAborted();
    work.tell("failed", [], `removing ${names} has to wait: ${firstLine(error)}`);
  }
}
