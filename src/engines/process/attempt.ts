import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { ReportedError } from "../../sweep/errors.ts";
import type { Outcome, Probe, Task, TaskHooks } from "../engine.ts";
import { placeInputs, placeSecrets } from "./folders.ts";
import { endAll, findDescendants, findProcesses, RUN_MARK, send, TASK_MARK } from "./processes.ts";
import { processCpuSeconds, watchUsage } from "./usage.ts";

export interface Command {
  readonly words: readonly string[];
  /** The working directory. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Stops {
  /** SIGTERM, and SIGKILL after the task's grace. */
  readonly gently: AbortSignal;
  /** SIGKILL. */
  readonly atOnce: readonly AbortSignal[];
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

const NOTHING_RAN: Outcome = {
  ended: "stopped",
  exitCode: null,
  seconds: 0,
  cpuSeconds: null,
  peakMemory: null,
  detail: null,
};

/** The exit codes that a shell gives where it cannot run a program, by the system's error. */
const CANNOT_RUN: Readonly<Record<string, { exitCode: number; reason: string }>> = {
  ENOENT: { exitCode: 127, reason: "there is no such program" },
  ENOTDIR: { exitCode: 127, reason: "there is no such program" },
  EACCES: { exitCode: 126, reason: "it is no program, or not allowed to run" },
  E2BIG: { exitCode: 126, reason: "its words and environment are longer than the system allows" },
  ERR_INVALID_ARG_VALUE: { exitCode: 126, reason: "a word or variable holds a NUL character" },
};

/** How long an end of stdout and stderr may take when nobody writes, after the process ended. */
const SILENCE_MS = 500;

/**
 * Runs a command as a process group of its own, to its end and that of all it started.
 * Throws a ReportedError where the machine refuses more processes.
 */
export async function runAttempt(
  task: Task,
  command: Command,
  hooks: TaskHooks,
  stops: Stops,
): Promise<Outcome> {
  if ([stops.gently, ...stops.atOnce].some((signal) => signal.aborted)) return NOTHING_RAN;
  placeInputs(task);
  const secrets = placeSecrets(task);
  try {
    const started = performance.now();
    const child = start(task, command, secrets);
    if (child instanceof Error) return cannotRun(child, command);
    // Without a pid there is an error to come.
    if (child.pid === undefined) return cannotRun((await once(child, "error"))[0], command);
    return await follow(child, child.pid, started, task, hooks, stops);
  } finally {
    if (secrets !== null) rmSync(secrets, { recursive: true, force: true });
  }
}

function start(task: Task, command: Command, secrets: string | null): Child | Error {
  const [program = "", ...args] = command.words;
  const env = { ...command.env, ...task.env, [RUN_MARK]: task.run, [TASK_MARK]: task.id };
  try {
    return spawn(program, args, {
      cwd: command.folder,
      env: secrets === null ? env : { ...env, SIM_SECRETS: secrets },
      stdio: ["ignore", "pipe", "pipe"],
      // A session and process group of its own, whose id is the process's.
      detached: true,
    });
  } catch (error) {
    // Node throws some failures to start, and emits the others.
    if (error instanceof Error) return error;
    throw error;
  }
}

async function follow(
  child: Child,
  pid: number,
  started: number,
  task: Task,
  hooks: TaskHooks,
  stops: Stops,
): Promise<Outcome> {
  const usage = watchUsage(pid);
  let logged = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      logged += chunk.length;
      hooks.log(chunk);
    });
    stream.on("end", usage.lookAtCpu);
  }
  const closed = once(child, "close");
  const stopping = listen(pid, task.grace, stops);
  hooks.started(probe(task, pid));
  const [code, signal]: [number | null, NodeJS.Signals | null] = await new Promise((resolve) =>
    child.once("exit", (...end) => resolve(end)),
  );
  const seconds = (performance.now() - started) / 1000;
  stopping.end();
  usage.end();
  await endDescendants(task, pid);
  await drained(child, closed, () => logged);
  return {
    ...(stopping.stopped() ? { ...NOTHING_RAN } : ending(code, signal)),
    seconds,
    cpuSeconds: usage.cpuSeconds(),
    peakMemory: usage.peakMemory(),
  };
}

/** Signals the process group as the stops ask, until `end`. */
function listen(pid: number, grace: number, stops: Stops) {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const kill = (): void => {
    stopped = true;
    send(-pid, "SIGKILL");
  };
  const stop = (): void => {
    stopped = true;
    send(-pid, "SIGTERM");
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

/** Ends what the task's first process, which has ended, left behind. */
async function endDescendants(task: Task, pid: number): Promise<void> {
  send(-pid, "SIGKILL");
  const left = findDescendants(task.run, task.id, pid);
  if (left === null || left.length > 0) await endTask(task);
}

async function endTask(task: Task): Promise<void> {
  await endAll(async () => {
    const processes = await findProcesses(task.run);
    return processes.filter((one) => one.task === task.id).map((one) => one.pid);
  });
}

/**
 * Resolves when the log is complete. A process that escaped us (it cleared its environment and
 * left the group) may hold stdout open for ever: silence then counts as the end.
 */
async function drained(child: Child, closed: Promise<unknown>, logged: () => number) {
  for (let before = -1; before !== logged(); ) {
    before = logged();
    const { promise: silence, resolve } = Promise.withResolvers<"silence">();
    const timer = setTimeout(resolve, SILENCE_MS, "silence");
    const first = await Promise.race([closed, silence]);
    clearTimeout(timer);
    if (first !== "silence") return;
  }
  child.stdout.destroy();
  child.stderr.destroy();
}

function ending(code: number | null, signal: NodeJS.Signals | null) {
  const ended = "exited" as const;
  if (signal === null) return { ended, exitCode: code, detail: null };
  const number = constants.signals[signal];
  return { ended, exitCode: 128 + number, detail: `killed by signal ${number} (${signal})` };
}

/** The outcome of a task whose program cannot be run; a ReportedError where no task's could be. */
function cannotRun(error: unknown, command: Command): Outcome {
  if (!(error instanceof Error)) throw error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (!existsSync(command.folder)) {
    throw new ReportedError(3, `the sweep's folder ${command.folder} is no longer there`, {
      cause: error,
    });
  }
  const known = CANNOT_RUN[code];
  if (known === undefined) {
    throw new ReportedError(
      3,
      `cannot start ${command.words[0]}: ${error.message}. ` +
        "Where the machine has too many processes or open files, use fewer --workers, " +
        "or raise its limits (ulimit -u, ulimit -n)",
      { cause: error },
    );
  }
  const detail = `cannot run ${command.words[0]}: ${known.reason}`;
  return { ...NOTHING_RAN, ended: "exited", exitCode: known.exitCode, detail };
}

function probe(task: Task, pid: number): Probe {
  return {
    cpuSeconds: async () => {
      const processes = await findProcesses(task.run);
      const pids = processes.filter((one) => one.task === task.id).map((one) => one.pid);
      // The first process may have changed its environment; it is known without it.
      const seconds = [...new Set([pid, ...pids])].map(processCpuSeconds);
      const known = seconds.filter((one) => one !== null);
      return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0);
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
