import { availableParallelism } from "node:os";
import { type Capacity, EngineLostError } from "../engines/engine.ts";
import { discard } from "../results/discard.ts";
import type { Retryable, Sweep } from "../sweep/sweep.ts";
import { type AttemptContext, clearStaging, runAttempt } from "./attempt.ts";
import type { JournalPoint } from "./journal.ts";
import type { Queue, Work } from "./queue.ts";
import { type Adopted, recoverTasks } from "./recover.ts";
import {
  type Judged,
  judge,
  type Settling,
  settleFailure,
  settleSuccess,
  stagingOutput,
} from "./settle.ts";

/** Beside the names of tasks, none of which is empty. */
const ENGINE = "";

/** A lost machine or daemon costs no retry, but not for ever. */
const MAX_LOSSES = 5;

export interface ScheduleContext extends Omit<AttemptContext, "away"> {
  readonly queue: Queue;
  readonly workers: number;
  /** The number of the first task: unique in the run folder. */
  readonly firstTask: number;
}

/** Tasks at once: what is asked for, else as many as the engine's cores and memory hold. */
export function workerCount(sweep: Sweep, capacity: Capacity): number {
  if (sweep.workers !== "auto") return sweep.workers;
  const { cpus, memory } = sweep.resources;
  const byCpu = Math.floor(capacity.cpus / (cpus ?? 1));
  const byMemory = memory === null ? byCpu : Math.floor(capacity.memory / memory);
  return Math.max(1, Math.min(byCpu, byMemory, Math.max(availableParallelism(), capacity.cpus)));
}

/** What the retries of a point depend on, held only for points that did not succeed at once. */
interface History {
  failures: number;
  losses: number;
  memory: number | null;
}

/**
 * Runs everything in the queue, `workers` tasks at once, until nothing is left, `stop` aborts, or
 * the sweep's on-failure rule is met. Returns that rule's sentence, or null.
 *
 * @throws what would meet every further task too (a full disk, a vanished image), once all that
 *   was running has ended.
 */
export async function schedule(context: ScheduleContext): Promise<string | null> {
  const { sweep, queue, journal, emit } = context;
  const histories = new Map<number, History>();
  const live = new Set<string>();
  const fatal = new AbortController();
  const stop = AbortSignal.any([context.stop, fatal.signal]);
  const tasks: AttemptContext = {
    ...context,
    stop,
    away: (task, reason) => (reason === null ? resume(task) : pause(task, reason)),
  };
  let taskNumber = context.firstTask;
  let failed = 0;
  let outages = 0;
  let halted: string | null = null;
  let outage: Promise<void> | null = null;
  let changed = Promise.withResolvers<void>();
  const lost = new Map<string, readonly JournalPoint[]>();

  /** Tasks whose machine cannot be reached, and the engine itself: the run is paused meanwhile. */
  const paused = new Set<string>();
  const pause = (who: string, reason: string): void => {
    if (paused.size === 0) emit({ type: "paused", reason });
    paused.add(who);
  };
  const resume = (who: string): void => {
    if (paused.delete(who) && paused.size === 0 && !stop.aborted) emit({ type: "resumed" });
  };

  const worker = async (slot: number): Promise<void> => {
    for (;;) {
      if (stop.aborted || halted !== null) return;
      if (outage !== null) {
        await outage;
        continue;
      }
      const work = queue.next();
      if (work !== null) {
        await attempt(work, slot);
        changed.resolve();
        changed = Promise.withResolvers();
      } else if (live.size > 0) {
        await changed.promise; // What runs now may have to run again.
      } else {
        return;
      }
    }
  };

  const attempt = async (work: Work, slot: number): Promise<void> => {
    const task = `t${taskNumber++}`;
    live.add(task);
    try {
      const memory = memoryOf(work.points, histories, sweep);
      const result = await runAttempt(tasks, work, { task, worker: slot, memory });
      const ended: (() => void)[] = [];
      for (const { point, settling } of result.points) {
        const judged = await judge(context, settling, result.endOf(point.name));
        ended.push(() =>
          settle(point, settling, judged, { memory, shared: work.points.length > 1 }),
        );
      }
      // Only now, since what a range batch left is judged by comparing its points.
      for (const settleOne of ended) settleOne();
      await result.finished.release();
      clearStaging(context.folder, task, slot);
    } catch (error) {
      if (!(error instanceof EngineLostError)) throw error;
      lost.set(task, work.points);
      live.delete(task);
      outage ??= waitForEngine(error).finally(() => {
        outage = null;
      });
      await outage;
      clearStaging(context.folder, task, slot);
    } finally {
      live.delete(task);
    }
  };

  /** One point's attempt is over: it succeeded, runs again, or failed for good. */
  const settle = (
    point: JournalPoint,
    settling: Settling,
    judged: Judged,
    task: { readonly memory: number | null; readonly shared: boolean },
  ): void => {
    const { memory } = task;
    const attempts = point.attempts + 1;
    if (judged.status === "succeeded") {
      settleSuccess(context, settling, judged);
      histories.delete(point.index);
    }
    let again = false;
    if (judged.status !== "succeeded") {
      const history = histories.get(point.index) ?? { failures: 0, losses: 0, memory };
      histories.set(point.index, history);
      // What a batch did not finish may be another point's fault: it is tried alone first.
      const excused = task.shared && judged.status !== "cancelled";
      if (!excused) history.failures++;
      again = excused || runsAgain(judged, history, sweep);
      again &&= !stop.aborted && halted === null;
      if (judged.status === "oom" && memory !== null) {
        history.memory = Math.round(memory * sweep.retries.memoryFactor);
      }
      settleFailure(context, settling, judged, again ? "pending" : judged.status);
      if (again) queue.again({ ...point, attempts });
      else histories.delete(point.index);
    }
    emit({
      type: "ended",
      index: point.index,
      name: point.name,
      attempt: attempts,
      status: judged.status,
      reason: judged.reason,
      seconds: judged.seconds,
      again,
    });
    if (judged.status !== "succeeded" && judged.status !== "cancelled" && !again) countFailure();
  };

  const countFailure = (): void => {
    failed++;
    if (sweep.onFailure.kind === "stop" && failed >= sweep.onFailure.after && halted === null) {
      halted = `${failed} ${failed === 1 ? "point" : "points"} failed (on-failure)`;
      emit({ type: "stopping", reason: halted });
    }
  };

  /** Waits until the engine answers, then sorts out what was running when it went away. */
  const waitForEngine = async (cause: EngineLostError): Promise<void> => {
    outages++;
    pause(ENGINE, cause.message);
    while (lost.size > 0) {
      const tasks = new Map(lost);
      lost.clear();
      // A task may have gone on, or ended, while nobody could see it.
      const adopted = await sortOut(tasks);
      for (const [task, points] of tasks) {
        for (const point of points) {
          const found = adopted.find((one) => one.task === task && one.settling.key === point.key);
          if (found === undefined) lose(point, task, cause);
          else {
            settle(point, found.settling, found.judged, {
              memory: memoryOf([point], histories, sweep),
              shared: points.length > 1,
            });
          }
        }
        discard(stagingOutput(context.folder, task), context.folder.staging);
      }
      await Promise.all(adopted.map(({ release }) => release()));
    }
    resume(ENGINE);
  };

  /** A daemon that shuts down may answer once more, and be gone when it is asked for its tasks. */
  const sortOut = async (tasks: ReadonlyMap<string, unknown>): Promise<Adopted[]> => {
    for (;;) {
      await context.engine.available(stop).catch((error: unknown) => {
        if (!stop.aborted) throw error;
      });
      if (stop.aborted) return [];
      try {
        return await recoverTasks(context, { tasks, live });
      } catch (error) {
        if (!(error instanceof EngineLostError)) throw error;
      }
    }
  };

  const lose = (point: JournalPoint, task: string, cause: EngineLostError): void => {
    const history = histories.get(point.index) ?? { failures: 0, losses: 0, memory: null };
    histories.set(point.index, history);
    history.losses++;
    const again = history.losses < MAX_LOSSES && !stop.aborted && halted === null;
    const status = stop.aborted ? "cancelled" : "lost";
    journal.ended(
      task,
      point.key,
      {
        status,
        exitCode: null,
        seconds: null,
        cpuSeconds: null,
        peakMemory: null,
        reason: cause.message,
        metrics: null,
        files: null,
        logOffset: null,
      },
      again ? "pending" : status,
    );
    const attempts = point.attempts + 1;
    if (again) queue.again({ ...point, attempts });
    const { index, name } = point;
    const reason = cause.message;
    emit({ type: "ended", index, name, attempt: attempts, status, reason, seconds: null, again });
    if (status === "lost" && !again) countFailure();
  };

  const ends = await Promise.allSettled(
    Array.from({ length: context.workers }, (_, slot) =>
      worker(slot).catch((error: unknown) => {
        fatal.abort(error);
        changed.resolve();
        throw error;
      }),
    ),
  );
  const refused = ends.find((end) => end.status === "rejected");
  if (refused !== undefined) throw refused.reason;
  // What could not be ended while its daemon was away is ended now.
  if (outages > 0 && !context.kill.aborted) await removeLeftovers(context);
  return halted;
}

async function removeLeftovers(context: ScheduleContext): Promise<void> {
  try {
    const left = await context.engine.recover(context.journal.run, () => null);
    await Promise.all(left.map(({ release }) => release()));
  } catch (error) {
    // Still away: every outcome is settled, and the next start removes what is left.
    const message = error instanceof Error ? error.message : String(error);
    context.emit({ type: "warning", message: `Could not look for leftovers: ${message}` });
  }
}

function runsAgain(judged: Judged, history: History, sweep: Sweep): boolean {
  const { max, on } = sweep.retries;
  return history.failures <= max && on.some((status: Retryable) => status === judged.status);
}

/** The memory limit of a point's next attempt: raised where it ran out before. */
function memoryOf(
  points: readonly JournalPoint[],
  histories: ReadonlyMap<number, History>,
  sweep: Sweep,
): number | null {
  const [first] = points;
  const raised = first === undefined ? null : (histories.get(first.index)?.memory ?? null);
  return raised ?? sweep.resources.memory;
}
