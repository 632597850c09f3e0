import { listenToSignals } from "../cli/signals.ts";
import { type RunLog, runLog } from "./run-log.ts";

/** What a step that runs simulations works with. */
export interface Step {
  readonly log: RunLog;
  /** Aborts with the runner's first signal, SIGINT: 7.5 seconds are left. */
  readonly stop: AbortSignal;
  /** Aborts with the second, SIGTERM: 2.5 seconds are left. */
  readonly kill: AbortSignal;
}

/**
 * Does a step's work under the signals with which the runner cancels a job. Work that they cut off
 * is no error of its own: what finished is left to the post step.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation
 */
export async function interruptible(work: (step: Step) => Promise<void>): Promise<void> {
  using log = runLog();
  using signals = listenToSignals(log.say);
  const { stop, kill } = signals;
  try {
    await work({ log, stop, kill });
  } catch (error) {
    const isCutOff =
      error === stop.reason || (error instanceof Error && error.name === "AbortError");
    if (!stop.aborted || !isCutOff) throw error;
  }
  const code = signals.exitCode();
  if (code === null) return;
  log.say("Interrupted: the step's end uploads what had finished.");
  process.exitCode = code;
}
