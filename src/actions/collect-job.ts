import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { warning } from "@actions/core";
import type { ArtifactStore, StoredArtifact, UploadedArtifact } from "../github/artifacts.ts";
import type { WorkflowContext } from "../github/context.ts";
import { downloadFile } from "../github/download-file.ts";
import { uploadFolder } from "../github/folder.ts";
import {
  type Collected,
  collectShards,
  type EngineChoice,
  type OpenPlan,
  type ShardFile,
} from "../index.ts";
import { AT_ONCE, downloadEarlier, type EarlierResults } from "./earlier-results.ts";
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
  /** Of finish steps that are commands. */
  readonly engine: EngineChoice;
  readonly retentionDays: number | null;
}

export interface CollectedJob {
  readonly plan: OpenPlan;
  readonly collected: Collected;
  readonly artifact: UploadedArtifact;
}

export interface CollectingStep {
  readonly context: WorkflowContext;
  readonly store: ArtifactStore;
  readonly log: RunLog;
  /** The environment for an image: with the credentials for its registry. */
  login(image: string | null): Promise<NodeJS.ProcessEnv>;
}

/**
 * Puts together what the shards of a plan have uploaded, with what the plan took over from an
 * earlier run, and uploads it as one artifact: also where points are missing, which it tells.
 *
 * @throws ReportedError as `downloadPlan`, `collectShards` and `ArtifactStore` do.
 */
export async function collectJob(
  job: CollectJob,
  { context, store, log, login }: CollectingStep,
): Promise<CollectedJob> {
  const scratch = mkdtempSync(join(context.temp, "sim-pipeline-"));
  const { plan } = await downloadPlan(store, job.plan, context, scratch, "collect");
  const { file } = plan;
  const { name } = file.sweep;

  const env = await login(plan.plan.sweep.image);
  const shards = await shardDownloads(store, plan, join(scratch, "shards"));
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
  let tars = await shards.download(new Set());
  const collected = await collectShards({
    plan,
    shards: tars,
    instead: async (ignored) => {
      // In the place of one that is no good, an attempt before it may do.
      const more = await shards.download(new Set(ignored.map(({ tar }) => tar)));
      if (more.length === tars.length) return null;
      tars = more;
      return tars;
    },
    earlier: earlier.map(({ folder }) => folder),
    out: join(scratch, "run"),
    parquet: job.parquet,
    engine: job.engine,
    env,
    onEvent: log.event,
  });
  warnOfUnusable(collected, [...shards.own(), ...earlier.map(named)]);
  const artifact = await uploadFolder(store, job.artifact ?? `${name}-results`, collected.folder, {
    retentionDays: job.retentionDays,
  });
  return { plan, collected, artifact };
}

/** A file or folder that the results are put together from, and the artifact that it came in. */
interface Part {
  readonly path: string;
  readonly artifact: string;
}

function named({ artifact, folder }: EarlierResults): Part {
  return { path: folder, artifact: artifact.name };
}

interface ShardDownloads {
  /**
   * Downloads of every shard its latest artifact, and those before it as long as none of them is
   * complete and, as far as is known, usable. Returns the tars, of each shard the earliest first.
   */
  download(unusable: ReadonlySet<string>): Promise<string[]>;
  /** What was downloaded, but for shards of other plans. */
  own(): Part[];
}

async function shardDownloads(
  store: ArtifactStore,
  { file, digest }: OpenPlan,
  scratch: string,
): Promise<ShardDownloads> {
  const found = [...shardArtifacts(await store.list(), file.sweep.name).values()];
  const there = new Map<number, Part & { readonly shard: ShardFile | null }>();
  const fetched = async (artifact: StoredArtifact) => {
    const known = there.get(artifact.id);
    if (known !== undefined) return known;
    const folder = join(scratch, String(artifact.id));
    const path = await downloadFile(store, artifact, SHARD_TAR, folder);
    const part = { path, artifact: artifact.name, shard: await shardOf(path) };
    there.set(artifact.id, part);
    return part;
  };
  return {
    async download(unusable) {
      const tars = await inParallel(found, AT_ONCE, async (candidates) => {
        const downloaded: string[] = [];
        for (const { artifact } of candidates) {
          const { path, shard } = await fetched(artifact);
          downloaded.unshift(path);
          const isWanted = shard?.complete === true && shard.plan === digest;
          if (isWanted && !unusable.has(path)) break;
        }
        return downloaded;
      });
      return tars.flat();
    },
    own: () => [...there.values()].filter(({ shard }) => shard === null || shard.plan === digest),
  };
}

/** Parts that are named in a warning. */
const NAMED = 10;

/** Says which parts could not be used: their points count as missing, or came from other parts. */
function warnOfUnusable({ ignored }: Collected, parts: readonly Part[]): void {
  const artifacts = new Map(parts.map(({ path, artifact }) => [path, artifact]));
  const lines = ignored.flatMap(({ tar, why }) => {
    const artifact = artifacts.get(tar);
    return artifact === undefined ? [] : [`${artifact}: ${why}`];
  });
  if (lines.length === 0) return;
  const more = lines.length > NAMED ? [`and ${lines.length - NAMED} more`] : [];
  const remedy = "Where points are missing for it, run the jobs that uploaded them again.";
  warning([...lines.slice(0, NAMED), ...more, remedy].join("\n"), {
    title: "Artifacts that are not used",
  });
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
