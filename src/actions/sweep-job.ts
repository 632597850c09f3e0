import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { ArtifactStore, UploadedArtifact } from "../github/artifacts.ts";
import { mask } from "../github/commands.ts";
import type { WorkflowContext } from "../github/context.ts";
import { uploadFolder } from "../github/folder.ts";
import { trustedRun } from "../github/runs.ts";
import {
  type EngineChoice,
  type MachineOptions,
  planSweep,
  type ResumeMode,
  type RunSummary,
  runSweep,
} from "../index.ts";
import { secretsFrom } from "../sweep/load.ts";
import { downloadEarlier, earlierResults } from "./earlier-results.ts";
import type { Step } from "./interruptible.ts";
import type { SweepState } from "./run-state.ts";
import { uploadsOf } from "./shard-artifacts.ts";

export interface SweepJob {
  /** Path of the sweep file, from the workspace. */
  readonly sweep: string;
  readonly params: readonly string[];
  readonly set: readonly string[];
  readonly engine: EngineChoice;
  readonly workers?: number;
  /** A machine to rent for the run. */
  readonly machines?: MachineOptions;
  readonly build: boolean;
  readonly resume: ResumeMode;
  /** The workflow run whose results count. */
  readonly resumeFrom: number | null;
  readonly parquet: boolean;
  /** Name of the artifact with the results; null: `<sweep>-results`. */
  readonly artifact: string | null;
  readonly retentionDays: number | null;
}

/** Where a sweep is run, and with what. */
export interface SweepStep extends Step {
  readonly context: WorkflowContext;
  readonly store: ArtifactStore;
  readonly token: string | null;
  /** The environment for an image: with the credentials for its registry. */
  login(image: string | null): Promise<NodeJS.ProcessEnv>;
  /** Called before the first point starts. */
  started(state: SweepState): void;
}

/** A sweep that ran; `artifact` is null where it was interrupted and is left to the post step. */
export interface RanSweep {
  readonly summary: RunSummary;
  readonly artifact: UploadedArtifact | null;
}

/**
 * Runs a whole sweep on this runner, what an earlier attempt of this job or the run that it resumes
 * from have not, and uploads the run folder.
 *
 * @throws ReportedError as `runSweep` and `ArtifactStore` do.
 */
export async function sweepJob(job: SweepJob, on: SweepStep): Promise<RanSweep> {
  const { context, store } = on;
  const { sweep } = planSweep(job);
  const env = await on.login(sweep.image);
  mask(Object.values(secretsFrom(sweep, env)));

  const scratch = mkdtempSync(join(context.temp, "sim-pipeline-"));
  const state = {
    folder: join(scratch, sweep.name),
    artifact: job.artifact ?? `${sweep.name}-results`,
    retentionDays: job.retentionDays,
    secrets: [...sweep.secrets],
  };
  const reuse = await earlierFolders(job, sweep.name, state.artifact, scratch, on);
  on.started(state);
  const { build, ...options } = job;
  const summary = await runSweep({
    ...options,
    // False would be for an image that is there: one without a name of its own is built anyway.
    ...(build ? { build } : {}),
    out: state.folder,
    reuse,
    env,
    signal: on.stop,
    kill: on.kill,
    onEvent: on.log.event,
  });
  if (summary.interrupted !== null) return { summary, artifact: null };
  return { summary, artifact: await uploadFolder(store, state.artifact, state.folder, state) };
}

/** The results that count: of this job's earlier attempts, and of the run that it resumes from. */
async function earlierFolders(
  job: SweepJob,
  sweep: string,
  results: string,
  scratch: string,
  { context, store, token }: SweepStep,
): Promise<string[]> {
  const folders: string[] = [];
  // In the first attempt too: a store that cannot be had is told of before hours of work, not after.
  const there = await store.list();
  if (context.runAttempt > 1) {
    const own = uploadsOf(there, results).slice(0, 1);
    const found = await downloadEarlier(store, context.runId, own, sweep, join(scratch, "own"));
    folders.push(...found.map(({ folder }) => folder));
  }
  if (job.resumeFrom !== null) {
    await trustedRun(context, token, job.resumeFrom);
    const earlier = join(scratch, "earlier");
    const found = await earlierResults(store, job.resumeFrom, sweep, earlier, results);
    folders.push(...found.map(({ folder }) => folder));
  }
  return folders;
}
