/** What the laws of the contract are stated with. */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll } from "vitest";
import type {
  Engine,
  Finished,
  Outcome,
  Probe,
  Task,
  TaskHooks,
} from "../../../src/engines/engine.ts";
import type { Sweep } from "../../../src/sweep/sweep.ts";
import { orchestratorEvent } from "../fixtures.ts";

/**
 * What the suite needs to know of an engine. Tasks are shell scripts that a busybox and a desktop
 * both run: their entrypoint is `sh -c`, and `sweep.process` must be the same.
 */
export interface ContractOptions {
  /** What is absent, as "a Docker daemon": the suite is then skipped by this name. */
  readonly missing: string | null;
  /** A fresh engine; the suite disposes of it. */
  make(): Promise<Engine>;
  /** Passed to `prepare`. Of the same `sh -c` as the tasks where it names a process. */
  readonly sweep: Sweep;
  /** Changes to every task, as `{ warm: true }`. */
  readonly task?: Partial<Task>;
  /**
   * A script that calls `orchestrate(make, sweep)` of fixtures.ts: the suite starts it with Node
   * and kills it with SIGKILL.
   */
  readonly orchestrator: string;
  /** Its environment, where it is not this process's. */
  readonly orchestratorEnv?: NodeJS.ProcessEnv;
  /** What is left of a run (containers, processes), found without the engine's own code. */
  remains(run: string): Promise<string[]>;
  readonly capabilities: {
    /** The reason where a task can write its inputs; null where they are read-only. */
    readonly writableInputs: string | null;
    /** The outcome holds CPU seconds (`always`), or null for some tasks. */
    readonly cpuSeconds: "always" | "sometimes";
    readonly peakMemory: "always" | "sometimes";
    /** Kills at `resources.memory` and tells such a death apart. */
    readonly memoryLimit: boolean;
    /**
     * Keeps what ended while no orchestrator lived. `ended` resolves once this task has, asked
     * without the engine's own code. Null: whatever was under way must run again.
     */
    readonly adopts: { ended(task: Task): Promise<void> } | null;
  };
}

export const INTERRUPTIBLE = `trap 'echo bye > "$SIM_OUTPUT/bye"; exit 0' TERM; echo up; while :; do sleep 0.05; done`;
export const STUBBORN = `trap '' TERM; echo up; while :; do sleep 0.05; done`;
export const BUSY = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
/** A child, a child in its own session, and a grandchild whose parent has gone. */
export const LEAVES_CHILDREN =
  "sleep 1000 & setsid sleep 1000 & (setsid sh -c 'setsid sleep 1000 & sleep 1000' &) ; echo up";

export interface Bench {
  readonly options: ContractOptions;
  /** Prepared; known once the tests run. */
  readonly engine: Engine;
  /** A folder for files of the tests. */
  readonly root: string;
  /** A shell script as a task of a new run. */
  task(script: string, changes?: Partial<Task>): Promise<Task>;
  /** Runs a task to its end and releases it. */
  end(given: Task): Promise<Ended>;
  /** The same for a new task. */
  run(script: string, changes?: Partial<Task>): Promise<Ended & { readonly task: Task }>;
  /** Stops a task once it printed "up", and releases it. */
  stopped(given: Task, how: Stop): Promise<Finished>;
  /** Starts the tasks under an orchestrator of their own and kills it once each printed "up". */
  orphan(tasks: readonly Task[]): Promise<void>;
}

type Stop = "stop" | "kill" | "stop, then kill";

interface Ended {
  readonly outcome: Outcome;
  readonly log: string;
}

/** To be called in a `describe`: makes the engine before its tests and disposes of it after. */
export function setUpBench(options: ContractOptions): Bench {
  let engine: Engine;
  let root: string;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "sim-contract-"));
    await chmod(root, 0o755);
    engine = await options.make();
    await engine.prepare(options.sweep, new AbortController().signal);
  });

  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  let worker = 0;
  async function task(script: string, changes: Partial<Task> = {}): Promise<Task> {
    const id = `t${randomBytes(6).toString("hex")}`;
    const folder = join(root, id);
    const output = join(folder, "output");
    const scratch = join(folder, "scratch");
    await mkdir(output, { recursive: true });
    await mkdir(scratch);
    const seen = engine.view({ output, input: join(scratch, "input") });
    worker = (worker + 1) % 64;
    return {
      run: newRun(),
      id,
      points: [0],
      attempt: 1,
      worker,
      warm: false,
      output,
      scratch,
      entrypoint: ["sh", "-c"],
      command: [script],
      secrets: {},
      mounts: [],
      resources: { cpus: null, memory: null, gpus: 0 },
      platform: null,
      user: "host",
      network: "none",
      grace: 5_000,
      ...options.task,
      ...changes,
      env: { SIM_OUTPUT: seen.output, SIM_INPUT: seen.input, SIM_POINT: "{}", ...changes.env },
    };
  }

  async function end(given: Task): Promise<Ended> {
    const recorder = record();
    const finished = await engine.run(given, recorder.hooks, new AbortController().signal);
    await finished.release();
    return { outcome: finished.outcome, log: recorder.text() };
  }

  async function run(script: string, changes: Partial<Task> = {}) {
    const given = await task(script, changes);
    return { ...(await end(given)), task: given };
  }

  async function stopped(given: Task, how: Stop): Promise<Finished> {
    const recorder = record();
    const stop = new AbortController();
    const running = engine.run(given, recorder.hooks, stop.signal);
    await recorder.saw("up");
    if (how !== "kill") stop.abort();
    if (how !== "stop") recorder.killer.abort();
    const finished = await running;
    await finished.release();
    return finished;
  }

  async function orphan(tasks: readonly Task[]): Promise<void> {
    const child = spawn(process.execPath, [options.orchestrator, JSON.stringify(tasks)], {
      env: options.orchestratorEnv ?? process.env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await sawUp(child, tasks.length);
    } finally {
      child.kill("SIGKILL");
      await once(child, "close");
    }
  }

  return {
    options,
    get engine() {
      return engine;
    },
    get root() {
      return root;
    },
    task,
    end,
    run,
    stopped,
    orphan,
  };
}

async function sawUp(child: ChildProcess, count: number): Promise<void> {
  const up = new Set<string>();
  if (child.stdout === null) throw new Error("the orchestrator's stdout is no pipe");
  for await (const line of createInterface(child.stdout)) {
    const event = orchestratorEvent.parse(JSON.parse(line));
    if (event.log.includes("up")) up.add(event.task);
    if (up.size === count) return;
  }
  throw new Error("the orchestrator ended before its tasks were up");
}

export interface Recorder {
  readonly hooks: TaskHooks;
  readonly killer: AbortController;
  readonly probes: Probe[];
  bytes(): Buffer;
  text(): string;
  /** Resolves once the log holds this text. */
  saw(text: string): Promise<void>;
}

/** Hooks that keep what they are told. */
export function record(): Recorder {
  const killer = new AbortController();
  const chunks: Buffer[] = [];
  const probes: Probe[] = [];
  const bytes = (): Buffer => Buffer.concat(chunks);
  let arrived = Promise.withResolvers<void>();
  return {
    killer,
    probes,
    bytes,
    text: () => bytes().toString(),
    hooks: {
      kill: killer.signal,
      started: (probe) => probes.push(probe),
      log: (chunk) => {
        chunks.push(Buffer.from(chunk));
        arrived.resolve();
        arrived = Promise.withResolvers<void>();
      },
    },
    saw: async (text) => {
      while (!bytes().includes(text)) await arrived.promise;
    },
  };
}

/** The id of a run that nobody else has. */
export function newRun(): string {
  return `run${randomBytes(8).toString("hex")}`;
}
