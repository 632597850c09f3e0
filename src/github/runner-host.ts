import type { Clock } from "../machines/clock.ts";
import { type Remote, runRemote, untilReached } from "../machines/remote.ts";
import { ReportedError } from "../sweep/errors.ts";
import type { RunnerRelease } from "./runner-release.ts";
import { FIRST_RUNNER, RUNNER_LOG, RUNNER_START, runnerSetup } from "./runner-script.ts";

/** What a machine is reached with. */
export interface RunnerHostTools {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Milliseconds for a machine that is there to be reached again. */
const REACH_PATIENCE = 60_000;

/** Milliseconds for the download and the unpacking of 230 MB, and the packages that it needs. */
const INSTALL_PATIENCE = 15 * 60_000;

/**
 * Installs GitHub's runner on a machine of a lease. May be repeated.
 * @throws ReportedError with the step that failed and the end of what it printed.
 */
export async function installRunner(
  remote: Remote,
  release: RunnerRelease,
  tools: RunnerHostTools,
): Promise<void> {
  const late = AbortSignal.timeout(INSTALL_PATIENCE);
  const signal = AbortSignal.any([tools.signal, late]);
  try {
    await untilReached({ ...tools, signal }, REACH_PATIENCE, () =>
      runRemote(remote, "exec sudo -n sh -s", signal, [], runnerSetup(release)),
    );
  } catch (error) {
    tools.signal.throwIfAborted();
    if (!late.aborted) throw error;
    const minutes = INSTALL_PATIENCE / 60_000;
    throw new ReportedError(3, `installing GitHub's runner took more than ${minutes} minutes`, {
      cause: error,
    });
  }
}

/**
 * Has a machine run the runners of these configurations, one after the other, whatever becomes of the
 * connection. The configurations are secrets: they travel inside of SSH, and lie in memory alone until
 * each one's turn comes. May be repeated: what was started once is not started again.
 */
export async function startRunners(
  remote: Remote,
  configs: readonly string[],
  tools: RunnerHostTools,
): Promise<void> {
  const command = `exec sudo -n ${RUNNER_START} ${configs.length}`;
  const input = configs.map((config) => `${config}\n`).join("");
  await untilReached(tools, REACH_PATIENCE, () =>
    runRemote(remote, command, tools.signal, [], input),
  );
}

/**
 * Resolves when the process of a machine's first runner has ended.
 * @throws ReportedError where that is not known; what the signal aborts with.
 */
export async function firstRunnerEnded(remote: Remote, signal: AbortSignal): Promise<void> {
  await runRemote(remote, `exec sudo -n flock ${FIRST_RUNNER} true`, signal);
}

/** The end of what the machine's runners printed; why it cannot be had, where it cannot. */
export async function runnerLog(remote: Remote, signal: AbortSignal): Promise<string> {
  try {
    return (await runRemote(remote, `sudo -n tail -n 20 ${RUNNER_LOG}`, signal)).trimEnd();
  } catch (error) {
    signal.throwIfAborted();
    return `its log cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}
