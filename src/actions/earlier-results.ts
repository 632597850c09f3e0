import { join } from "node:path";
import type { ArtifactStore, StoredArtifact } from "../github/artifacts.ts";
import { unpackShard } from "../index.ts";
import { ReportedError } from "../sweep/errors.ts";
import { inParallel } from "./in-parallel.ts";
import { SHARD_TAR, shardArtifacts, uploadsOf } from "./shard-artifacts.ts";

/** Downloads under way at a time: each waits for the network most of the time. */
export const AT_ONCE = 8;

/** Results that an earlier run left, as a run folder. */
export interface EarlierResults {
  readonly artifact: StoredArtifact;
  /** Absolute path of a run folder. */
  readonly folder: string;
}

/**
 * Downloads what a run has left of a sweep: of every shard the latest artifact, which holds what
 * the attempts before it had finished; where there are no shards, the whole results.
 *
 * @param scratch an absent or empty folder.
 * @throws ReportedError (3) where the run left nothing of this sweep, or it cannot be read.
 */
export async function earlierResults(
  store: ArtifactStore,
  run: number,
  sweep: string,
  scratch: string,
): Promise<EarlierResults[]> {
  const artifacts = await store.list(run);
  const shards = [...shardArtifacts(artifacts, sweep).values()].flatMap((all) => all.slice(0, 1));
  const results = uploadsOf(artifacts, `${sweep}-results`).slice(0, 1);
  if (shards.length + results.length === 0) {
    throw new ReportedError(
      3,
      `Run ${run} has no results of the sweep ${sweep}: none of its ${artifacts.length} artifacts ` +
        `is called ${sweep}-results or ${sweep}-<shard>-<attempt>.\n` +
        "Name the run that ran this sweep; artifacts go when their retention ends.",
    );
  }
  if (shards.length === 0) {
    return await inParallel(results, AT_ONCE, (artifact) =>
      downloadResults(store, run, artifact, scratch),
    );
  }
  return await inParallel(
    shards.map(({ artifact }) => artifact),
    AT_ONCE,
    (artifact) => downloadShard(store, run, artifact, scratch),
  );
}

/** Downloads artifacts of which it is known that they hold an earlier run's shards or results. */
export async function downloadEarlier(
  store: ArtifactStore,
  run: number,
  artifacts: readonly StoredArtifact[],
  sweep: string,
  scratch: string,
): Promise<EarlierResults[]> {
  const isShard = (artifact: StoredArtifact) => shardArtifacts([artifact], sweep).size > 0;
  return await inParallel(artifacts, AT_ONCE, (artifact) =>
    (isShard(artifact) ? downloadShard : downloadResults)(store, run, artifact, scratch),
  );
}

async function downloadShard(
  store: ArtifactStore,
  run: number,
  artifact: StoredArtifact,
  scratch: string,
): Promise<EarlierResults> {
  const packed = join(scratch, `packed-${artifact.id}`);
  const folder = join(scratch, String(artifact.id));
  await store.download(artifact, packed, run);
  await unpackShard(join(packed, SHARD_TAR), folder);
  return { artifact, folder };
}

async function downloadResults(
  store: ArtifactStore,
  run: number,
  artifact: StoredArtifact,
  scratch: string,
): Promise<EarlierResults> {
  const folder = join(scratch, String(artifact.id));
  await store.download(artifact, folder, run);
  return { artifact, folder };
}
