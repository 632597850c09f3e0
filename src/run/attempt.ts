import { chmodSync, existsSync, mkdirSync, readdirSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Engine, Finished, Mount, Task, TaskFolders } from "../engines/engine.ts";
import type { Chunk, Renderer } from "../plan/command.ts";
import { discard } from "../results/discard.ts";
import type { RunFolder } from "../results/folder.ts";
import type { Status, Sweep } from "../sweep/sweep.ts";
import type { Emit } from "./events.ts";
import type { Journal, JournalPoint } from "./journal.ts";
import { type Log, openLog } from "./log.ts";
import type { Work } from "./queue.ts";
import { type Settling, stagingOutput, type TaskEnd } from "./settle.ts";
import { watchIdle } from "./watchdog.ts";

/** What every attempt of an execution shares. */
export interface AttemptContext {
  readonly sweep: Sweep;
  readonly engine: Engine;
  readonly render: Renderer;
  readonly journal: Journal;
  readonly folder: RunFolder;
  /** Inputs, the same for every task. */
  readonly inputs: readonly Mount[];
  readonly secrets: Readonly<Record<string, string>>;
  readonly emit: Emit;
  /** Aborts when running tasks shall end, gently. */
  readonly stop: AbortSignal;
  /** Aborts when running tasks shall end at once. */
  readonly kill: AbortSignal;
  /** Called when a task's machine cannot be reached, and why; with null when it can again. */
  away(task: string, reason: string | null): void;
}

/** Milliseconds between SIGTERM and SIGKILL: GitHub leaves 7.5 s between its two signals. */
const GRACE = 3000;

/** Bytes of a log that are kept; beyond it the middle is cut. */
const LOG_LIMIT = 10 * 1024 * 1024;

export interface AttemptResult {
  readonly finished: Finished;
  readonly points: readonly { readonly point: JournalPoint; readonly settling: Settling }[];
  /** The task's end as each point sees it. */
  endOf(name: string): TaskEnd;
}

/**
 * A worker's own files, used again by one attempt after the other: creating and removing folders is
 * what a short point would spend most of its time on (0.5 ms for each removal on ext4).
 */
function workerHome(folder: RunFolder, worker: number): string {
  return join(folder.staging, `worker-${worker}`);
}

/** Opens the log of a point's attempt; in a batch the first point's is everybody's. */
export function openAttemptLog(
  context: { readonly folder: RunFolder; readonly secrets: Readonly<Record<string, string>> },
  name: string,
  attempt: number,
): Log {
  return openLog(join(context.folder.logs, name, `${attempt}.txt`), {
    limit: LOG_LIMIT,
    secrets: Object.values(context.secrets),
  });
}

/**
 * Runs one attempt of the work's points: writes what the task reads, notes the start, runs it
 * under its timeouts, and comes back with how it ended. Outputs are in staging, nothing is
 * settled. Throws what the engine throws.
 */
export async function runAttempt(
  context: AttemptContext,
  work: Work,
  options: { readonly task: string; readonly worker: number; readonly memory: number | null },
): Promise<AttemptResult> {
  const { sweep, engine, journal, folder, emit } = context;
  const [first] = work.points;
  if (first === undefined) throw new Error("a task without points");
  const home = workerHome(folder, options.worker);
  const scratch = join(home, "scratch");
  const output = stagingOutput(folder, options.task);
  mkdirSync(scratch, { recursive: true });
  mkdirSync(output);
  const view = engine.view({ output, input: join(scratch, "input") });

  const chunk = chunkOf(sweep, work);
  const rendered = context.render(first, view, chunk);
  const points = work.points.map((point) => ({
    point,
    settling: {
      task: options.task,
      key: point.key,
      name: point.name,
      folder: work.protocol === "single" ? "" : point.name,
      outputs: point === first ? rendered.outputs : context.render(point, view, chunk).outputs,
    },
  }));
  const mounts = [...context.inputs];
  for (const [index, { to, text }] of rendered.templates.entries()) {
    const source = join(home, `template-${index}`);
    writeFileSync(source, text);
    mounts.push({ source, target: to, perTask: true });
  }
  const env: Record<string, string> = {
    ...rendered.env,
    SIM_OUTPUT: view.output,
    SIM_INPUT: view.input,
  };
  if (work.protocol === "batch") {
    const list = writeBatch(home, output, work, view);
    const direct = view.output === output;
    env.SIM_POINTS = direct ? list : BATCH_FILE;
    if (!direct) mounts.push({ source: list, target: BATCH_FILE, perTask: true });
  } else if (work.protocol === "single") {
    env.SIM_POINT = JSON.stringify(first.parameters);
  }

  const attempts = points.map(({ point, settling }) => ({
    point,
    task: options.task,
    attempt: point.attempts + 1,
    worker: options.worker,
    folder: settling.folder,
    outputs: settling.outputs,
    protocol: work.protocol,
  }));
  journal.start(attempts);
  for (const { point, attempt, worker } of attempts) {
    emit({ type: "started", index: point.index, name: point.name, attempt, worker });
  }

  const log = openAttemptLog(context, first.name, first.attempts + 1);
  const task: Task = {
    run: journal.run,
    id: options.task,
    points: work.points.map(({ index }) => index),
    attempt: first.attempts + 1,
    worker: options.worker,
    warm: sweep.isolation.kind === "warm",
    output,
    scratch,
    entrypoint: rendered.entrypoint,
    command: rendered.command,
    env,
    secrets: context.secrets,
    mounts,
    resources: { ...sweep.resources, memory: options.memory },
    platform: sweep.platform,
    user: sweep.user,
    network: sweep.network,
    grace: GRACE,
  };
  const limits = limitsOf(sweep, context.stop, work.points.length, () => log.bytes);
  const offsets =
    work.protocol === "batch" ? watchCompletions(output, work, () => log.bytes) : null;
  try {
    const finished = await engine.run(
      task,
      {
        kill: context.kill,
        started: limits.started,
        log: (chunk) => log.write(chunk),
        transfer: (transfer) =>
          emit({ type: "transfer", index: first.index, name: first.name, ...transfer }),
        away: (reason) => context.away(options.task, reason),
      },
      limits.signal,
    );
    return {
      finished,
      points,
      endOf: (name) => ({
        outcome: finished.outcome,
        stopped: limits.stopped(),
        shared: work.points.length,
        protocol: work.protocol,
        logOffset: offsets?.at(name) ?? null,
      }),
    };
  } finally {
    limits[Symbol.dispose]();
    offsets?.[Symbol.dispose]();
    await log.close();
  }
}

/** Where a container finds the list of a batch's points. */
const BATCH_FILE = "/mnt/points.jsonl";

/** Writes a batch's list of points and makes their folders. Returns the list's path. */
function writeBatch(home: string, output: string, work: Work, view: TaskFolders): string {
  const lines = work.points.map(({ name, parameters }) => {
    const own = join(output, name);
    mkdirSync(own);
    // The task may run as another user than ours.
    chmodSync(own, 0o777);
    return `${JSON.stringify({ name, parameters, output: `${view.output}/${name}` })}\n`;
  });
  const list = join(home, "points.jsonl");
  writeFileSync(list, lines.join(""));
  return list;
}

/** The first and last value of a range batch's parameter. */
function chunkOf(sweep: Sweep, work: Work): Chunk | null {
  if (sweep.isolation.kind !== "batch" || sweep.isolation.range === null) return null;
  const name = sweep.isolation.range;
  const first = work.points[0]?.parameters[name];
  const last = work.points.at(-1)?.parameters[name];
  if (typeof first !== "number" || typeof last !== "number") {
    throw new Error(`the parameter ${name} of a range batch is not a number`);
  }
  return { first, last };
}

interface Limits extends Disposable {
  readonly signal: AbortSignal;
  started(probe: Parameters<typeof watchIdle>[0]): void;
  /** Why the signal aborted. */
  stopped(): TaskEnd["stopped"];
}

/** The signal that ends an attempt: on request, after its timeout, or when it is idle. */
function limitsOf(sweep: Sweep, stop: AbortSignal, points: number, logBytes: () => number): Limits {
  const own = new AbortController();
  let stopped: TaskEnd["stopped"] = { status: "cancelled", reason: null };
  const end = (status: Status, reason: string | null) => {
    if (own.signal.aborted) return;
    stopped = { status, reason };
    own.abort(status);
  };
  const cancel = () => end("cancelled", null);
  stop.addEventListener("abort", cancel, { once: true });
  if (stop.aborted) cancel();
  const watches = new DisposableStack();
  return {
    signal: own.signal,
    started(probe) {
      if (sweep.timeout !== null) {
        const most = sweep.timeout * points;
        watches.use(after(most, () => end("timed-out", `ran longer than ${most / 1000} s`)));
      }
      const { idleTimeout: idle } = sweep;
      if (idle !== null) {
        const reason = `no log, no output and no CPU time for ${idle / 1000} s`;
        watches.use(watchIdle(probe, { logBytes, idle, onIdle: () => end("idle", reason) }));
      }
    },
    stopped: () => stopped,
    [Symbol.dispose]() {
      stop.removeEventListener("abort", cancel);
      watches.dispose();
    },
  };
}

/** The longest wait that a timer takes, 24.8 days; it fires at once for longer ones. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Calls back after this many milliseconds, however many they are. */
function after(ms: number, callback: () => void): Disposable {
  const end = performance.now() + ms;
  let timer: NodeJS.Timeout;
  const wait = () => {
    const left = end - performance.now();
    timer = left <= LONGEST_TIMER ? setTimeout(callback, left) : setTimeout(wait, LONGEST_TIMER);
  };
  wait();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Notes how long the shared log was when each point's result.json appeared. */
function watchCompletions(
  output: string,
  work: Work,
  logBytes: () => number,
): Disposable & { at(name: string): number | null } {
  const offsets = new Map<string, number>();
  const watchers = work.points.flatMap(({ name }) => {
    try {
      const watcher = watch(join(output, name), (_event, file) => {
        if (file === "result.json" && !offsets.has(name)) offsets.set(name, logBytes());
      });
      return [watcher.on("error", () => watcher.close())];
    } catch {
      // Offsets are a convenience: a watcher that the system refuses, as one too many, must not end
      // the run.
      return [];
    }
  });
  return {
    at: (name) => offsets.get(name) ?? null,
    [Symbol.dispose]: () => {
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** Empties what a worker's next attempt uses again, and removes what was not moved into place. */
export function clearStaging(folder: RunFolder, task: string, worker: number): void {
  const scratch = join(workerHome(folder, worker), "scratch");
  for (const entry of readdirSync(scratch)) {
    discard(join(scratch, entry), folder.staging);
  }
  const output = stagingOutput(folder, task);
  if (existsSync(output)) discard(output, folder.staging);
}
