import { once } from "node:events";
import { z } from "zod";
import type { Engine, Task } from "../../src/engines/engine.ts";
import type { Space, Sweep } from "../../src/sweep/sweep.ts";

const noSpace: Space = {
  count: 0,
  names: [],
  dimensions: [],
  points: () => [].values(),
  cursor: () => {
    throw new Error("an engine asks for no points");
  },
  lacking: () => null,
};

/** A sweep with every key at its default and no points, for tests that need one to prepare. */
export function testSweep(changes: Partial<Sweep> = {}): Sweep {
  return {
    name: "contract",
    file: null,
    request: null,
    folder: import.meta.dirname,
    image: null,
    build: null,
    process: null,
    space: noSpace,
    pointName: null,
    entrypoint: null,
    command: [],
    env: {},
    secrets: [],
    inputs: [],
    templates: [],
    outputs: [],
    resources: { cpus: null, memory: null, gpus: 0 },
    platform: null,
    user: "host",
    network: "none",
    timeout: null,
    idleTimeout: null,
    retries: { max: 0, on: ["failed"], memoryFactor: 1 },
    onFailure: { kind: "continue" },
    isolation: { kind: "container" },
    workers: "auto",
    finish: [],
    reads: [],
    warnings: [],
    places: {},
    ...changes,
  };
}

/** What an orchestrator in a child process reports, a line each. */
export const orchestratorEvent = z.object({ task: z.string(), log: z.string() });

const tasksSchema = z.array(z.custom<Task>((value) => typeof value === "object"));

/**
 * The body of an orchestrator that a test starts as a child process and kills: runs the tasks
 * (JSON in the first argument) and reports their logs as `orchestratorEvent` lines on stdout.
 */
export async function orchestrate(make: () => Promise<Engine>, sweep: Sweep): Promise<void> {
  const tasks = tasksSchema.parse(JSON.parse(process.argv[2] ?? "[]"));
  const { signal } = new AbortController();
  const engine = await make();
  await engine.prepare(sweep, signal);
  const run = async (task: Task): Promise<void> => {
    const log = (chunk: Uint8Array): void => {
      const event = { task: task.id, log: Buffer.from(chunk).toString() };
      process.stdout.write(`${JSON.stringify(event)}\n`);
    };
    await engine.run(task, { started: () => {}, log, kill: signal }, signal);
  };
  await Promise.all(tasks.map(run));
  // Its task is to be killed: a task that ended must not let it dispose of what the test looks at.
  await once(process, "SIGTERM");
}
