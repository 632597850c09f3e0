import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { notice, warning } from "@actions/core";
import type { ArtifactStore } from "../github/artifacts.ts";
import type { WorkflowContext } from "../github/context.ts";
import { trustedRun } from "../github/runs.ts";
import {
  type EngineChoice,
  type Plan,
  planKeys,
  planSweep,
  type ShardedPlan,
  shardSweep,
} from "../index.ts";
import { parseIndices } from "../plan/indices.ts";
import { measuredSeconds, succeededKeys } from "../run/earlier.ts";
import { type EarlierResults, earlierResults } from "./earlier-results.ts";
import { pinImage } from "./pin-image.ts";
import { headOf } from "./plan-artifact.ts";
import { PLAN_TAR } from "./shard-artifacts.ts";

export interface PlanJob {
  /** Path of the sweep file, from the workspace. */
  readonly sweep: string;
  readonly params: readonly string[];
  readonly set: readonly string[];
  /** In the place of the sweep's own; null: the sweep's. */
  readonly image: string | null;
  /** Null: 20, or as many as there are points. */
  readonly shards: number | null;
  readonly engine: EngineChoice;
  /** The workflow run whose measured seconds balance the shards. */
  readonly balanceFrom: number | null;
  /** The workflow run whose results are taken over. */
  readonly resumeFrom: number | null;
  readonly yes: boolean;
  readonly retentionDays: number | null;
}

export interface PlanningStep {
  readonly context: WorkflowContext;
  readonly store: ArtifactStore;
  readonly token: string | null;
  readonly signal: AbortSignal;
  /** The environment for an image: with the credentials for its registry. */
  login(image: string | null): Promise<NodeJS.ProcessEnv>;
}

/**
 * Plans a sweep as shards, of which each is a job of a matrix, and uploads the plan.
 *
 * @returns the plan, and the id of its artifact.
 * @throws SweepError or ReportedError (2) before anything is asked of anybody, where the sweep is
 *   wrong; (3) where a registry, an earlier run or the upload refuse.
 */
export async function planJob(
  job: PlanJob,
  on: PlanningStep,
): Promise<{ planned: ShardedPlan; artifact: number }> {
  const { context, store } = on;
  const scratch = mkdtempSync(join(context.temp, "sim-pipeline-"));
  try {
    const own = job.image === null ? [...job.set] : [...job.set, `image=${job.image}`];
    const plan = planSweep({ sweep: job.sweep, params: job.params, set: own, yes: job.yes });
    const pinned = job.engine === "process" ? null : await pinnedImage(plan, on);
    const set =
      pinned === null
        ? own
        : [...own.filter((one) => !one.startsWith("image=")), `image=${pinned}`];

    const { name } = plan.sweep;
    const measured = await earlier(job.balanceFrom, name, on, join(scratch, "measured"));
    const taken =
      job.resumeFrom === job.balanceFrom
        ? measured
        : await earlier(job.resumeFrom, name, on, join(scratch, "taken"));
    const planned = await shardSweep({
      sweep: job.sweep,
      params: job.params,
      set,
      yes: job.yes,
      shards: job.shards,
      root: context.workspace,
      // A step can have checked out another than the event's: the shards look at theirs, too.
      commit: (await headOf(context.workspace)) ?? context.sha,
      repository: context.repository,
      seconds: secondsOf(measured.length > 0 ? measured : taken),
      ...(job.resumeFrom === null ? {} : await takenOver(job, set, job.resumeFrom, taken, on)),
      process: job.engine === "process" || (job.engine === "auto" && plan.sweep.process !== null),
      out: join(scratch, PLAN_TAR),
    });
    if (job.resumeFrom !== null) noticeOfTaken(job.resumeFrom, planned);
    const artifact = await store.upload(`${name}-plan`, [join(scratch, PLAN_TAR)], scratch, {
      retentionDays: job.retentionDays,
    });
    return { planned, artifact: artifact.id };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The image by its digest, so that every shard runs the same; null where that is not to be had. */
async function pinnedImage({ sweep }: Plan, on: PlanningStep): Promise<string | null> {
  const { image } = sweep;
  if (image === null) return null;
  const pinned = await pinImage(image, await on.login(image), on.signal);
  if (pinned.kind === "pinned") return pinned.image;
  warning(
    `${pinned.why}\nEach job takes the image ${image} that it finds, which may not be the same for all.`,
    { title: "The image is not pinned by its digest" },
  );
  return null;
}

async function earlier(
  run: number | null,
  sweep: string,
  { context, store, token }: PlanningStep,
  scratch: string,
): Promise<EarlierResults[]> {
  if (run === null) return [];
  await trustedRun(context, token, run);
  return await earlierResults(store, run, sweep, scratch);
}

function secondsOf(results: readonly EarlierResults[]): ReadonlyMap<string, number> {
  return new Map(results.flatMap(({ folder }) => [...measuredSeconds(folder)]));
}

/** Says how many points need not run, and why that may be none. */
function noticeOfTaken(run: number, { file }: ShardedPlan): void {
  const { count } = parseIndices(file.done, file.points);
  if (count > 0) {
    notice(`${count} of ${file.points} points are taken over from run ${run}.`);
    return;
  }
  warning(
    `Run ${run} has no result of any of the ${file.points} points, so all of them run.\n` +
      "A result counts where image, inputs, command and parameters are the same as now.",
    { title: "Nothing to resume from" },
  );
}

/** What `shardSweep` has to know of the results of an earlier run. */
async function takenOver(
  job: PlanJob,
  set: readonly string[],
  run: number,
  results: readonly EarlierResults[],
  on: PlanningStep,
) {
  const plan = planSweep({ sweep: job.sweep, params: job.params, set, yes: job.yes });
  const env = await on.login(plan.sweep.image);
  const keyer = await planKeys(plan, { engine: job.engine, env, signal: on.signal });
  const all = results.map(({ artifact, folder }) => ({ artifact, keys: succeededKeys(folder) }));
  const keys = new Set(all.flatMap((one) => [...one.keys]));
  const artifacts = all.filter((one) => one.keys.size > 0).map(({ artifact }) => artifact);
  return { keyer, done: { keys, run, artifacts } };
}
