import { rmSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { ReportedError } from "../../sweep/errors.ts";
import type { Outcome, Probe, Task, TaskHooks } from "../engine.ts";
import { placeInputs, placeSecrets } from "./folders.ts";
import type { ShellPool } from "./pool.ts";
import { endAll, findLeftBehind, findTask, newestPid, TASK_MARK } from "./processes.ts";
import { type Command, holdsNul } from "./script.ts";
import type { Shell } from "./shell.ts";
import { processCpuSeconds, watchUsage } from "./usage.ts";

export interface Stops {
  /** SIGTERM, and SIGKILL after the task's grace. */
  readonly gently: AbortSignal;
  /** SIGKILL. */
  readonly atOnce: readonly AbortSignal[];
}

const NOTHING_RAN: Outcome = {
  ended: "stopped",
  exitCode: null,
  seconds: 0,
  cpuSeconds: null,
  peakMemory: null,
  detail: null,
};

/**
 * Runs a task's command to its end and that of all it started.
 * Throws a ReportedError (3) where the machine refuses processes or files.
 */
export async function runAttempt(
  task: Task,
  command: Command & { readonly folder: string },
  shells: ShellPool,
  hooks: TaskHooks,
  stops: Stops,
): Promise<Outcome> {
  if (isStopped(stops)) return NOTHING_RAN;
  if (holdsNul(command)) {
    const detail = "a word of its command or a variable holds a NUL character";
    return { ...NOTHING_RAN, ended: "exited", exitCode: 126, detail };
  }
  const secrets = join(task.scratch, "secrets");
  const hasSecrets = Object.keys(task.secrets).length > 0;
  try {
    place(task, secrets);
    const marks = { [TASK_MARK]: task.id, ...(hasSecrets ? { SIM_SECRETS: secrets } : {}) };
    const marked = { words: command.words, env: { ...command.env, ...marks } };
    const shell = await shells.take(task.run, command.folder);
    // A shell takes a moment to start.
    if (!isStopped(stops)) return await follow(task, marked, shell, shells, hooks, stops);
    shells.give(shell);
    return NOTHING_RAN;
  } finally {
    if (hasSecrets) rmSync(secrets, { recursive: true, force: true });
  }
}

async function follow(
  task: Task,
  command: Command,
  shell: Shell,
  shells: ShellPool,
  hooks: TaskHooks,
  stops: Stops,
): Promise<Outcome> {
  const newest = newestPid();
  const usage = watchUsage(shell.pid);
  const stopping = listen(shell, task.grace, stops);
  const started = performance.now();
  const execution = shell.execute(command, hooks.log);
  hooks.started(probe(task, shell.pid));
  const { exitCode, died } = await execution;
  const seconds = Math.round((performance.now() - started) * 1000) / 1e6;
  stopping.end();
  const used = usage.end();

  const left = () => findLeftBehind({ run: task.run, task: task.id, group: shell.pid, newest });
  const stopped = stopping.stopped();
  if (!died && !stopped && left()?.length === 0) {
    shells.give(shell);
  } else {
    shell.signal("SIGKILL");
    const unsure = died || stopped;
    await endAll(() => left() ?? (unsure ? findTask(task.run, task.id) : []));
    await shell.end();
  }
  const ending = stopped
    ? { ended: "stopped" as const, exitCode: null, detail: null }
    : { ended: "exited" as const, exitCode, detail: describe(exitCode) };
  return { ...ending, seconds, ...used };
}

function isStopped(stops: Stops): boolean {
  return stops.gently.aborted || stops.atOnce.some((signal) => signal.aborted);
}

function place(task: Task, secrets: string): void {
  try {
    placeInputs(task);
    placeSecrets(task, secrets);
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new ReportedError(
      3,
      `cannot place inputs and secrets in ${task.scratch}: ${reason}. ` +
        "Make room on the disk, or correct the folder's permissions, and run again",
      { cause: error },
    );
  }
}

/** Signals the task's group as the stops ask, until `end`. */
function listen(shell: Shell, grace: number, stops: Stops) {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const kill = (): void => {
    stopped = true;
    shell.signal("SIGKILL");
  };
  const stop = (): void => {
    stopped = true;
    shell.signal("SIGTERM");
    timer = setTimeout(kill, grace);
  };
  stops.gently.addEventListener("abort", stop);
  for (const signal of stops.atOnce) signal.addEventListener("abort", kill);
  return {
    stopped: () => stopped,
    end: () => {
      clearTimeout(timer);
      stops.gently.removeEventListener("abort", stop);
      for (const signal of stops.atOnce) signal.removeEventListener("abort", kill);
    },
  };
}

/** What an exit code above 128 says by convention; a program may also choose one. */
function describe(exitCode: number): string | null {
  const found = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128);
  return found === undefined ? null : `killed by signal ${found[1]} (${found[0]})`;
}

function probe(task: Task, group: number): Probe {
  return {
    cpuSeconds: async () => {
      const pids = await findTask(task.run, task.id, group);
      const known = pids.map(processCpuSeconds).filter((seconds) => seconds !== null);
      return known.length === 0 ? null : known.reduce((sum, seconds) => sum + seconds, 0);
    },
    outputBytes: () => bytesBelow(task.output),
  };
}

/** Bytes of all files in a folder that may be changing meanwhile. */
async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    // What went away since the listing has no size.
    const found = await lstat(join(entry.parentPath, entry.name)).catch(() => null);
    if (found?.isFile()) bytes += found.size;
  }
  return bytes;
}
