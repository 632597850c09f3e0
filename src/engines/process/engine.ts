import { accessSync, constants } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import type { Sweep } from "../../sweep/sweep.ts";
import type { Engine, Finished, ImageIdentity, Recovered, Task, TaskHooks } from "../engine.ts";
import { runAttempt } from "./attempt.ts";
import { fitSweep } from "./fit.ts";
import { processIdentity } from "./identity.ts";
import { shellPool } from "./pool.ts";
import { endAll, findRun, type MarkedProcess } from "./processes.ts";

/**
 * What a task gets of our own environment: where programs are and how to talk to people. The rest
 * (tokens above all) stays out. HOME is the user's own: interpreters and packages that are
 * installed for one user (pyenv, conda, pip --user) are found through it.
 */
const INHERITED = /^(PATH|HOME|USER|LOGNAME|LD_LIBRARY_PATH|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR)$/;

interface Prepared {
  /** Before the task's command. */
  readonly words: readonly string[];
  readonly folder: string;
}

/**
 * The embedded engine: each task is the sweep's `process` words and its command in a child process
 * and process group of its own, in the sweep's folder. No sandbox: network, user, platform and the
 * limits of `resources` are the machine's, inputs are links to the originals, and a `warm` task is
 * like any other.
 */
export function processEngine(environment: NodeJS.ProcessEnv = process.env): Engine {
  const env = inherit(environment);
  const shells = shellPool(env);
  const closing = new AbortController();
  const attempts = new Set<Promise<unknown>>();
  const runs = new Set<string>();
  let prepared: Prepared | null = null;

  async function prepare(sweep: Sweep, signal: AbortSignal): Promise<ImageIdentity> {
    const words = fitSweep(sweep, environment);
    const identity = await processIdentity(sweep, signal);
    prepared = { words, folder: sweep.folder };
    return { identity, label: (sweep.process ?? []).join(" ") };
  }

  async function run(task: Task, hooks: TaskHooks, signal: AbortSignal): Promise<Finished> {
    if (prepared === null) throw new Error("run before prepare");
    const { words, folder } = prepared;
    const home = "HOME" in env ? {} : { HOME: task.scratch };
    const command = {
      words: [...words, ...task.command],
      env: { ...home, ...task.env },
      folder,
    };
    runs.add(task.run);
    const stops = { gently: signal, atOnce: [hooks.kill, closing.signal] };
    const attempt = runAttempt(task, command, shells, hooks, stops);
    attempts.add(attempt);
    try {
      return { outcome: await attempt, release: async () => {} };
    } finally {
      attempts.delete(attempt);
    }
  }

  /** Nobody kept the outcome of what ended meanwhile, so that all that is found runs again. */
  async function recover(
    run: string,
    target: Parameters<Engine["recover"]>[1],
  ): Promise<Recovered[]> {
    const targets = new Map<string, ReturnType<typeof target>>();
    const isLive = ({ pid, task }: MarkedProcess): boolean => {
      if (task === null) return shells.owns(pid);
      if (!targets.has(task)) targets.set(task, target(task));
      return targets.get(task) === "live";
    };
    await endAll(async () => {
      const processes = await findRun(run);
      return processes.filter((one) => !isLive(one)).map((one) => one.pid);
    });
    return [...targets]
      .filter(([, found]) => found !== null && found !== "live")
      .map(([task]) => ({ task, outcome: null, release: async () => {} }));
  }

  async function dispose(): Promise<void> {
    closing.abort();
    await Promise.allSettled(attempts);
    await shells.end();
    for (const run of runs) {
      await endAll(async () => (await findRun(run)).map((one) => one.pid));
    }
    runs.clear();
  }

  return {
    name: "process",
    view: (folders) => folders,
    capacity: async () => ({
      cpus: availableParallelism(),
      // Under a cgroup's limit that, else the machine's.
      memory: Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem()),
      platform: `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`,
    }),
    prepare,
    run,
    recover,
    available: async () => {},
    [Symbol.asyncDispose]: dispose,
  };
}

function inherit(from: NodeJS.ProcessEnv): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(from)) {
    if (value === undefined || !INHERITED.test(name)) continue;
    // A task without a HOME that it can write to gets its own.
    if (name !== "HOME" || isWritable(value)) env[name] = value;
  }
  return env;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
