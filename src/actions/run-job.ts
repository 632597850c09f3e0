import { mkdtempSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ArtifactStore, UploadedArtifact } from "../github/artifacts.ts";
import { mask } from "../github/commands.ts";
import type { WorkflowContext } from "../github/context.ts";
import { downloadFile } from "../github/download-file.ts";
import {
  type EngineChoice,
  type OpenPlan,
  packShard,
  type RunSummary,
  runShard,
  type ShardFile,
  unpackShard,
} from "../index.ts";
import { ReportedError } from "../sweep/errors.ts";
import { secretsFrom } from "../sweep/load.ts";
import type { Step } from "./interruptible.ts";
import { downloadPlan } from "./plan-artifact.ts";
import type { ShardState } from "./run-state.ts";
import { SHARD_TAR, shardArtifactName, shardArtifacts, shardOf } from "./shard-artifacts.ts";

export interface RunJob {
  /** The plan's artifact. */
  readonly plan: number;
  readonly shard: number;
  readonly engine: EngineChoice;
  readonly workers?: number;
  readonly retentionDays: number | null;
}

/** Where a shard is run, and with what. */
export interface ShardJob extends Step {
  readonly context: WorkflowContext;
  readonly store: ArtifactStore;
  /** The environment for an image: with the credentials for its registry. */
  login(image: string | null): Promise<NodeJS.ProcessEnv>;
  /** Called before the first point starts. */
  started(state: ShardState): void;
}

/** A shard that ran; `artifact` is null where it was interrupted and is left to the post step. */
export interface RanShard {
  readonly summary: RunSummary;
  readonly artifact: UploadedArtifact | null;
}

/**
 * Runs a shard of the plan of this workflow run: what an earlier attempt of the job has not, and
 * uploads it.
 *
 * @throws ReportedError as `runSweep`, `openPlan` and `ArtifactStore` do.
 */
export async function runJob(job: RunJob, on: ShardJob): Promise<RanShard> {
  const { context, store } = on;
  const scratch = mkdtempSync(join(context.temp, "sim-pipeline-"));
  const { plan, tar } = await downloadPlan(store, job.plan, context, scratch, "run");
  const { sweep } = plan.plan;
  if (job.engine === "process" && !plan.file.checkout) throw noProgram();
  const env = await on.login(sweep.image);
  mask(Object.values(secretsFrom(sweep, env)));

  const folder = join(scratch, "run");
  if (context.runAttempt > 1) await restore(plan, job.shard, scratch, folder, on);
  const state = {
    planTar: tar,
    shard: job.shard,
    folder,
    retentionDays: job.retentionDays,
    secrets: [...sweep.secrets],
  };
  on.started(state);
  const summary = await runShard({
    plan,
    shard: job.shard,
    out: folder,
    engine: job.engine,
    ...(job.workers === undefined ? {} : { workers: job.workers }),
    env,
    signal: on.stop,
    kill: on.kill,
    onEvent: on.log.event,
  });
  if (summary.interrupted !== null) return { summary, artifact: null };
  return { summary, artifact: await uploadShard(plan, state, true, on) };
}

/** The plan carries what the sweep reads, and not the program that processes are. */
function noProgram(): ReportedError {
  return new ReportedError(
    2,
    'The input "engine" is "process", and the plan was made for containers: its jobs take no ' +
      'program from a checkout.\nGive the plan action "engine: process" too, and let a step with ' +
      "actions/checkout come before this one.",
  );
}

/** Packs a shard's run folder, however its run ended, and uploads it. */
export async function uploadShard(
  plan: OpenPlan,
  state: ShardState,
  complete: boolean,
  { context, store }: Pick<ShardJob, "context" | "store">,
): Promise<UploadedArtifact> {
  const { shard, folder, retentionDays } = state;
  const attempt = context.runAttempt;
  const root = join(folder, "..", "shard");
  await mkdir(root, { recursive: true });
  const out = join(root, SHARD_TAR);
  await packShard({ plan, shard, attempt, complete, folder, out });
  const name = shardArtifactName(plan.file.sweep.name, shard, attempt);
  return await store.upload(name, [out], root, { retentionDays });
}

/**
 * Begins with what an earlier attempt of this job had finished, where it left anything: the latest
 * of its artifacts, since each of them began with the one before.
 */
async function restore(
  { file, digest }: OpenPlan,
  shard: number,
  scratch: string,
  folder: string,
  { store, log }: Pick<ShardJob, "store" | "log">,
): Promise<void> {
  const found = shardArtifacts(await store.list(), file.sweep.name).get(shard) ?? [];
  for (const { artifact } of found) {
    const packed = join(scratch, `earlier-${artifact.id}`);
    const tar = await downloadFile(store, artifact, SHARD_TAR, packed);
    // Another plan of this workflow run may have a sweep of the same name.
    if ((await shardOf(tar))?.plan !== digest) continue;
    const unpacked = await unpackUsable(tar, folder);
    if (typeof unpacked === "string") {
      log.say(`${artifact.name} is not used: ${unpacked}`);
      continue;
    }
    const { attempt } = unpacked;
    log.say(`begins with what attempt ${attempt} had finished (${artifact.name})`);
    return;
  }
}

/** Unpacks a shard's tar; where that is damaged, leaves nothing and says why. */
async function unpackUsable(tar: string, folder: string): Promise<ShardFile | string> {
  try {
    return await unpackShard(tar, folder);
  } catch (error) {
    if (!(error instanceof ReportedError)) throw error;
    await rm(folder, { recursive: true, force: true });
    return error.message;
  }
}
