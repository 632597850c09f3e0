import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { selectEngine } from "../../src/engines/select.ts";
import { runFinish } from "../../src/finish/finish.ts";
import { checkFinish } from "../../src/finish/tools.ts";
import { makePlan, type Plan } from "../../src/plan/plan.ts";
import type { FinishRow } from "../../src/results/finish.ts";
import type { RunEvent } from "../../src/run/events.ts";
import { sweepFromObject } from "../../src/sweep/load.ts";
import { needing } from "../lab/lab.ts";
import { temporaryFolder } from "../run/harness.ts";

/** Whether this machine has ffmpeg, for `describe.skipIf(!ffmpeg)`. */
export const ffmpeg = spawnSync("ffprobe", ["-version"]).status === 0;

export const needingFfmpeg = (title: string) => needing("ffmpeg", title);

/** A plan with finish steps; its points are never run. */
export function planOf(
  finish: readonly unknown[],
  parameters: Record<string, unknown> = { frame: { range: "1-3" } },
  more: Record<string, unknown> = {},
): Plan {
  const whole = { name: "test", process: ["true"], command: [], parameters, finish, ...more };
  return makePlan(sweepFromObject(whole, temporaryFolder()), { confirmed: false });
}

export interface Finished {
  readonly steps: readonly FinishRow[];
  readonly events: readonly RunEvent[];
}

/** Runs a plan's finish steps over a run folder whose points have ended. */
export async function finishRun(
  root: string,
  plan: Plan,
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly signal?: AbortSignal;
    readonly again?: boolean;
    readonly engine?: "process" | "docker";
    readonly onEvent?: (event: RunEvent) => void;
  } = {},
): Promise<Finished> {
  const never = new AbortController().signal;
  const { env = process.env, signal = never, again = false } = options;
  const events: RunEvent[] = [];
  await using engine = await selectEngine(options.engine ?? "process", plan.sweep, env);
  await using tools = await checkFinish(plan, { env, signal: never, engine: async () => engine });
  const emit = (event: RunEvent) => {
    events.push(event);
    options.onEvent?.(event);
  };
  const rest = { again, verify: false, signal, kill: never, emit };
  const steps = await runFinish(plan, tools, { folder: root, ...rest });
  return { steps, events };
}

/** `kind status` of each step, `cached` added where it is. */
export function told({ steps }: Finished): string[] {
  return steps.map(({ kind, status, cached }) => `${kind} ${status}${cached ? " cached" : ""}`);
}

/** What ffprobe says of a video: `codec WxH pixels frames`. */
export function probe(root: string, name: string): string {
  const { stdout } = spawnSync("ffprobe", [
    ...["-v", "error", "-count_frames", "-of", "csv=p=0:s=\\ ", "-show_entries"],
    "stream=codec_name,width,height,pix_fmt,nb_read_frames",
    join(root, "finish", name),
  ]);
  return stdout.toString().trim();
}
