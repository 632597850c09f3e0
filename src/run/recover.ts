import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Engine, Outcome } from "../engines/engine.ts";
import { discard } from "../results/discard.ts";
import { openAttemptLog } from "./attempt.ts";
import type { OpenAttempt } from "./journal.ts";
import type { Log } from "./log.ts";
import {
  finishPlacing,
  type Judged,
  judge,
  type SettleContext,
  type Settling,
  settleFailure,
  settleSuccess,
  stagingOutput,
} from "./settle.ts";

export interface RecoverContext extends SettleContext {
  readonly engine: Pick<Engine, "recover">;
}

/** One point of a task that was found to have ended. */
export interface Adopted {
  readonly task: string;
  readonly settling: Settling;
  readonly judged: Judged;
  /** Removes what is left of the task; to be called once the outcome is committed. */
  release(): Promise<void>;
}

/** What the end of a task was when nobody saw it: an interruption, which costs nothing. */
const UNSEEN: Omit<Outcome, "seconds"> & { seconds: null } = {
  ended: "stopped",
  exitCode: null,
  seconds: null,
  cpuSeconds: null,
  peakMemory: null,
  detail: null,
};

/**
 * Asks the engine for what is left of tasks that nobody waits for any more: ends what still runs
 * and judges what had ended by itself. Of an unfinished batch, the points that were done count.
 */
export async function recoverTasks(
  context: RecoverContext,
  scope: { readonly tasks: ReadonlyMap<string, unknown>; readonly live: ReadonlySet<string> },
): Promise<Adopted[]> {
  const open = Map.groupBy(
    context.journal.openAttempts().filter(({ task }) => scope.tasks.has(task)),
    ({ task }) => task,
  );
  const logs = new Map<string, Log>();
  const recovered = await context.engine.recover(context.journal.run, (task) => {
    if (scope.live.has(task)) return "live";
    const first = open.get(task)?.[0];
    if (first === undefined || first.status !== "running") return null;
    const log = openAttemptLog(context, first.name, first.attempt);
    logs.set(task, log);
    return { output: stagingOutput(context.folder, task), log: (chunk) => log.write(chunk) };
  });
  await Promise.all([...logs.values()].map((log) => log.close()));

  const adopted: Adopted[] = [];
  for (const [task, attempts] of open) {
    const found = recovered.find((one) => one.task === task);
    const outcome = found?.outcome ?? null;
    const running = attempts.filter(({ status }) => status === "running");
    for (const attempt of running) {
      // Of an unfinished batch some points may be done; a point alone is done or not.
      if (outcome === null && attempt.protocol === "single") continue;
      const judged = await judge(context, attempt, {
        outcome: outcome ?? UNSEEN,
        stopped: { status: "cancelled", reason: "the orchestrator was killed" },
        shared: running.length,
        protocol: attempt.protocol,
        logOffset: null,
      });
      adopted.push({ task, settling: attempt, judged, release: found?.release ?? nothing });
    }
  }
  // What comes back with an outcome is released by its adopter, once that is committed.
  await Promise.all(
    recovered
      .filter(({ task }) => !adopted.some((one) => one.task === task))
      .map(({ release }) => release()),
  );
  return adopted;
}

async function nothing(): Promise<void> {}

/**
 * Brings the journal, the engine and the staging folder to rest after an orchestrator of this
 * folder was killed: what had ended is settled, what ran is ended and counts as cancelled, and a
 * success whose outputs were on their way is put into place. Returns how many successes that saved.
 */
export async function recoverRun(context: RecoverContext): Promise<number> {
  const { journal, folder } = context;
  const open = journal.openAttempts();
  const tasks = new Map(open.map(({ task }) => [task, true]));
  const adopted = await recoverTasks(context, { tasks, live: new Set() });
  let saved = 0;
  const settled = new Set<number>();
  for (const { task, settling, judged } of adopted) {
    if (judged.status === "succeeded") {
      settleSuccess(context, settling, judged);
      saved++;
    } else {
      settleFailure(context, settling, judged, judged.status);
    }
    for (const one of open) {
      if (one.task === task && one.key === settling.key) settled.add(one.id);
    }
  }
  await Promise.all(adopted.map(({ release }) => release()));
  for (const attempt of open) {
    if (settled.has(attempt.id)) continue;
    if (attempt.status === "placing" && finished(context, attempt)) saved++;
    else cancel(context, attempt);
  }
  for (const entry of readdirSync(folder.staging)) {
    discard(join(folder.staging, entry), folder.staging);
  }
  return saved;
}

/** Completes a success that was committed but perhaps not in place yet. */
function finished(context: RecoverContext, attempt: OpenAttempt): boolean {
  const output = join(stagingOutput(context.folder, attempt.task), attempt.folder);
  if (existsSync(output)) {
    finishPlacing(context, attempt, output);
    return true;
  }
  if (!existsSync(join(context.folder.points, attempt.name))) return false;
  context.journal.placed(attempt.task, attempt.key);
  return true;
}

function cancel(context: RecoverContext, attempt: OpenAttempt): void {
  context.journal.ended(
    attempt.task,
    attempt.key,
    {
      ...UNSEEN,
      status: "cancelled",
      reason: "the orchestrator was killed",
      metrics: null,
      files: null,
      logOffset: null,
    },
    "cancelled",
  );
}
