import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Engine,
  EngineLostError,
  type Outcome,
  type Recovered,
  type Task,
  type TaskHooks,
} from "../../src/engines/engine.ts";

/** What a task of the fake engine does: write files, then end. */
export interface Play {
  readonly ended?: Outcome["ended"];
  readonly exitCode?: number | null;
  /** Written into the output folder: path to content. */
  readonly files?: Readonly<Record<string, string>>;
  readonly log?: string;
  /** Throws EngineLostError instead of ending. */
  readonly lost?: boolean;
  /** Its machine cannot be reached for a while. */
  readonly away?: boolean;
  /** Does not end before it is stopped. */
  readonly hangs?: boolean;
  readonly throws?: Error;
}

export interface FakeEngine extends Engine {
  /** Every task that was started, in order. */
  readonly tasks: readonly Task[];
  /** The largest number of tasks at once. */
  readonly most: () => number;
  readonly recovered: Recovered[];
  outages: number;
}

/** An engine without processes: `play` decides what each task does. */
export function fakeEngine(play: (task: Task) => Play | Promise<Play>): FakeEngine {
  const tasks: Task[] = [];
  let now = 0;
  let most = 0;
  const engine: FakeEngine = {
    name: "fake",
    tasks,
    most: () => most,
    recovered: [],
    outages: 0,
    view: () => ({ output: "/mnt/data", input: "/mnt/input" }),
    capacity: async () => ({ cpus: 2, memory: 2 ** 30, platform: "linux/amd64" }),
    prepare: async () => ({ identity: "sha256:fake", label: "fake" }),
    async run(task, hooks, signal) {
      tasks.push(task);
      most = Math.max(most, ++now);
      try {
        const outcome = await perform(await play(task), task, hooks, signal);
        return { outcome, release: async () => {} };
      } finally {
        now--;
      }
    },
    recover: async () => engine.recovered.splice(0),
    async available() {
      engine.outages++;
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return engine;
}

async function perform(
  play: Play,
  task: Task,
  hooks: TaskHooks,
  signal: AbortSignal,
): Promise<Outcome> {
  hooks.started({ cpuSeconds: async () => null, outputBytes: async () => null });
  if (play.throws !== undefined) throw play.throws;
  if (play.log !== undefined) hooks.log(new TextEncoder().encode(play.log));
  for (const [path, content] of Object.entries(play.files ?? {})) {
    mkdirSync(join(task.output, path, ".."), { recursive: true });
    writeFileSync(join(task.output, path), content);
  }
  if (play.away === true) {
    hooks.away?.("the connection broke");
    await new Promise(setImmediate);
    hooks.away?.(null);
  }
  if (play.lost === true) throw new EngineLostError("the daemon went away");
  let ended = play.ended ?? "exited";
  if (play.hangs === true) {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    ended = "stopped";
  }
  return {
    ended,
    exitCode: ended === "exited" ? (play.exitCode ?? 0) : null,
    seconds: 1,
    cpuSeconds: 0.5,
    peakMemory: 1024,
    detail: null,
  };
}
