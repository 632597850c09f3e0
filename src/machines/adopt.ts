import { bringUp } from "./bring-up.ts";
import { usable, withFailed } from "./create.ts";
import { thisHolder } from "./holder.ts";
import type { AcquireOptions, Reach } from "./lease-types.ts";
import { deadlineOf, isAbandoned, type LeaseRecord, withMachines } from "./record.ts";
import { endLease } from "./release.ts";
import { accountOf, firstLine, type LeaseWork, machinesOf, regardless, workOn } from "./work.ts";

/** Of the minutes that are asked for, what has to be left of an earlier lease's. */
const ENOUGH = 0.5;

/**
 * Takes over the machines that a killed process of the same run left, where they are alive, fit
 * what is asked for, and have at least half of the asked time left. Every other lease that such
 * a process left is ended; where that cannot be confirmed it stays recorded for a later process.
 *
 * @returns the record of the lease that goes on; null where there is none.
 */
export async function adoptLease(
  options: AcquireOptions,
  reach: Reach,
): Promise<LeaseRecord | null> {
  const { store } = options;
  const left = (await store.list()).records.filter((one) => isLeftOf(one, options));
  if (left.length === 0) return null;
  const account = await accountOf(options);
  let adopted: LeaseRecord | null = null;
  for (const { id } of left.filter((one) => one.account === account)) {
    using lock = store.lock(id);
    const record = lock === null ? null : await store.read(id);
    if (record === null || !isLeftOf(record, options)) continue;
    const work = workOn(record, options);
    if (adopted === null && (await takenOver(work, options, reach))) {
      adopted = work.record();
      continue;
    }
    try {
      await endLease(work);
    } catch (error) {
      work.signal.throwIfAborted();
      work.tell("failed", [], firstLine(error));
    }
  }
  return adopted;
}

function isLeftOf(record: LeaseRecord, options: AcquireOptions): boolean {
  return (
    record.run === options.run &&
    record.label === null &&
    record.provider === options.provider.name &&
    isAbandoned(record)
  );
}

/** @throws what an abort throws, with the lease given back. */
async function takenOver(
  work: LeaseWork,
  { request, minutes, atLeast }: AcquireOptions,
  reach: Reach,
): Promise<boolean> {
  const { state, size, region, calls } = work.record();
  const isWhole = calls.every(({ end }) => end === "done") && calls.length > 0;
  if (state === "releasing" || !isWhole) return false;
  if (size !== request.size || region !== (request.region ?? region)) return false;
  try {
    const now = await work.provider.now(work.signal);
    const running = (await machinesOf(work)).filter(
      (machine) =>
        machine.state === "running" &&
        machine.address !== null &&
        deadlineOf(machine, work.record()) - now >= minutes * 60_000 * ENOUGH,
    );
    const alive = new Set(running.map(({ id }) => id));
    await work.change((record) => {
      const shown = withMachines(record, running, { seen: true });
      const others = shown.machines.filter(({ id }) => !alive.has(id)).map(({ id }) => id);
      return withFailed(shown, new Set(others), "was not running any more");
    });
    const good = usable(work.record());
    if (good.length < atLeast || good.length > request.count) return false;
    const names = good.map(({ name }) => name);
    work.tell("adopt", names, `taking over ${names.join(", ")}`);
    await work.change((record) => ({ ...record, state: "created", holder: thisHolder() }));
    await bringUp(work, atLeast, reach);
    await work.change((record) => ({ ...record, state: "ready" }));
    return true;
  } catch (error) {
    if (work.signal.aborted) await endLease(regardless(work));
    work.signal.throwIfAborted();
    work.tell("failed", [], `cannot take over lease ${work.record().id}: ${firstLine(error)}`);
    return false;
  }
}
