import { mkdtempSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ArtifactStore, StoredArtifact, UploadedArtifact } from "../github/artifacts.ts";
import type { WorkflowContext } from "../github/context.ts";
import { downloadFile } from "../github/download-file.ts";
import { uploadFolder } from "../github/folder.ts";
import { type Collected, collectShards, type OpenPlan } from "../index.ts";
import { AT_ONCE, downloadEarlier } from "./earlier-results.ts";
import { inParallel } from "./in-parallel.ts";
import { downloadPlan } from "./plan-artifact.ts";
import type { RunLog } from "./run-log.ts";
import { SHARD_TAR, shardArtifacts, shardOf } from "./shard-artifacts.ts";

export interface CollectJob {
  /** The plan's artifact. */
  readonly plan: number;
  /** Name of the artifact with the results; null: `<sweep>-results`. */
  readonly artifact: string | null;
  readonly parquet: boolean;
  readonly retentionDays: number | null;
}

export interface CollectedJob {
  readonly plan: OpenPlan;
  readonly collected: Collected;
  readonly artifact: UploadedArtifact;
}

/**
 * Puts together what the shards of a plan have uploaded, with what the plan took over from an
 * earlier run, and uploads it as one artifact: also where points are missing, which it tells.
 *
 * @throws ReportedError as `downloadPlan`, `collectShards` and `ArtifactStore` do.
 */
export async function collectJob(
  job: CollectJob,
  { context, store, log }: { context: WorkflowContext; store: ArtifactStore; log: RunLog },
): Promise<CollectedJob> {
  const scratch = mkdtempSync(join(context.temp, "sim-pipeline-"));
  const { plan } = await downloadPlan(store, job.plan, context, scratch);
  const { file } = plan;
  const { name } = file.sweep;

  const shards = await downloadShards(store, plan, join(scratch, "shards"));
  const earlier =
    file.resume === null
      ? []
      : await downloadEarlier(
          store,
          file.resume.run,
          await known(store, file.resume.run, file.resume.artifacts),
          name,
          join(scratch, "earlier"),
        );
  const collected = await collectShards({
    plan,
    shards,
    earlier: earlier.map(({ folder }) => folder),
    out: join(scratch, "run"),
    parquet: job.parquet,
    onEvent: log.event,
  });
  const artifact = await uploadFolder(store, job.artifact ?? `${name}-results`, collected.folder, {
    retentionDays: job.retentionDays,
  });
  return { plan, collected, artifact };
}

/**
 * Downloads of every shard its latest artifact, and those before it as long as none of them is
 * complete. Returns the tars, of each shard the earliest first.
 */
async function downloadShards(
  store: ArtifactStore,
  { file, digest }: OpenPlan,
  scratch: string,
): Promise<string[]> {
  await mkdir(scratch);
  const found = shardArtifacts(await store.list(), file.sweep.name);
  const tars = await inParallel([...found.values()], AT_ONCE, async (candidates) => {
    const downloaded: string[] = [];
    for (const { artifact } of candidates) {
      const folder = join(scratch, String(artifact.id));
      const tar = await downloadFile(store, artifact, SHARD_TAR, folder);
      downloaded.unshift(tar);
      const shard = await shardOf(tar);
      if (shard?.complete === true && shard.plan === digest) break;
    }
    return downloaded;
  });
  return tars.flat();
}

/** The artifacts that a plan names, as the store knows them: with their digests. */
async function known(
  store: ArtifactStore,
  run: number,
  artifacts: readonly { readonly id: number; readonly name: string }[],
): Promise<StoredArtifact[]> {
  const there = new Map((await store.list(run)).map((artifact) => [artifact.id, artifact]));
  return artifacts.map(
    ({ id, name }) => there.get(id) ?? { id, name, size: 0, digest: null, createdAt: null },
  );
}
