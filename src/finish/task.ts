import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Outcome, TaskFolders } from "../engines/engine.ts";
import type { RunFolder } from "../results/folder.ts";
import type { Log } from "../run/log.ts";
import { StepFailure } from "./failure.ts";
import type { FinishPoint } from "./points.ts";
import type { FinishTools, Tool } from "./tools.ts";

/** What a step works with. */
export interface StepContext {
  /** The run's id. */
  readonly run: string;
  readonly folder: RunFolder;
  /** From 0, among the sweep's steps. */
  readonly index: number;
  /** From 1, over all executions. */
  readonly attempt: number;
  readonly points: readonly FinishPoint[];
  readonly tools: FinishTools;
  /** The step's own folder in staging. */
  readonly staging: string;
  /** Existing and empty, in `staging`: what the step makes, as it will lie in finish/. */
  readonly output: string;
  readonly log: Log;
  /** Ends the step, gently. */
  readonly signal: AbortSignal;
  /** Ends it at once. */
  readonly kill: AbortSignal;
}

/** A program that a step runs, with the folders as it will see them. */
export interface Program {
  /** Tells the step's programs apart: letters. */
  readonly name: string;
  readonly tool: Tool;
  /** Absolute folder that it reads, as `input` of the words. */
  readonly input: string;
  /** Absolute existing folder that it writes. */
  readonly output: string;
  words(folders: TaskFolders): readonly string[];
  readonly network: "none" | "bridge";
  /** Takes what it prints, beside the log. */
  readonly print?: (chunk: Uint8Array) => void;
}

/** Milliseconds between SIGTERM and SIGKILL, as for points. */
const GRACE = 3000;

/**
 * Runs a program of a step to its end, in the sandbox of a point: no network unless asked for, its
 * input read-only, its output all that it can write.
 *
 * @throws the signal's reason where that ended it; what the engine throws.
 */
export async function runProgram(context: StepContext, program: Program): Promise<Outcome> {
  const { tool, name, input, output } = program;
  const { engine } = tool;
  const scratch = join(context.staging, `${name}-scratch`);
  mkdirSync(scratch);
  const view = engine.view({ output, input: join(scratch, "input") });
  const words = program.words(view);
  context.log.write(Buffer.from(`$ ${words.join(" ")}\n`));
  const own = tool.entrypoint?.length === 0 ? 1 : 0;
  const finished = await engine.run(
    {
      run: context.run,
      id: `finish-${context.index}-${context.attempt}-${name}`,
      points: [],
      attempt: context.attempt,
      worker: 0,
      warm: false,
      output,
      scratch,
      entrypoint: own === 0 ? tool.entrypoint : words.slice(0, own),
      command: words.slice(own),
      env: { SIM_OUTPUT: view.output, SIM_INPUT: view.input },
      secrets: {},
      mounts: [{ source: input, target: "/mnt/input", perTask: true }],
      resources: { cpus: null, memory: null, gpus: 0 },
      platform: tool.platform,
      user: tool.user,
      network: program.network,
      grace: GRACE,
    },
    {
      kill: context.kill,
      started: () => {},
      log: (chunk) => {
        context.log.write(chunk);
        program.print?.(chunk);
      },
    },
    context.signal,
  );
  await finished.release();
  context.signal.throwIfAborted();
  context.kill.throwIfAborted();
  return finished.outcome;
}

/** @throws StepFailure where a program did not end well, with what it printed last. */
export function checkOutcome(outcome: Outcome, what: string): void {
  if (outcome.ended === "exited" && outcome.exitCode === 0) return;
  const how =
    outcome.ended === "oom"
      ? "was killed for using more memory than there is"
      : `ended with exit code ${outcome.exitCode ?? "unknown"}`;
  const detail = outcome.detail === null ? "" : ` (${outcome.detail})`;
  throw new StepFailure(`${what} ${how}${detail}; its log says more.`);
}
