import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { openTar } from "../engines/tar-file.ts";
import type { ArtifactStore, StoredArtifact } from "../github/artifacts.ts";
import { downloadFile } from "../github/download-file.ts";
import { UNPORTABLE } from "../github/folder.ts";
import { unpackShard } from "../index.ts";
import { makeFolder } from "../results/folder.ts";
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
 * Downloads what a run has left of a sweep: the whole results, where they were collected last, and
 * else of every shard the latest artifact, which holds what the attempts before it had finished.
 *
 * @param scratch an absent or empty folder.
 * @param name what the artifact with the results is called.
 * @throws ReportedError (3) where the run left nothing of this sweep, or it cannot be read.
 */
export async function earlierResults(
  store: ArtifactStore,
  run: number,
  sweep: string,
  scratch: string,
  name = `${sweep}-results`,
): Promise<EarlierResults[]> {
  const artifacts = await store.list(run);
  const shards = [...shardArtifacts(artifacts, sweep).values()].flatMap(([latest]) =>
    latest === undefined ? [] : [latest.artifact],
  );
  const [results] = uploadsOf(artifacts, name);
  // What a shard finished after that is in its own artifact only.
  const later = shards.filter(({ id }) => results === undefined || id > results.id);
  const all = [...(results === undefined ? [] : [results]), ...later];
  if (all.length === 0) {
    throw new ReportedError(
      3,
      `Run ${run} has no results of the sweep ${sweep}: none of its ${artifacts.length} artifacts ` +
        `is called ${name} or ${sweep}-<shard>-<attempt>.\n` +
        "Name the run that ran this sweep; artifacts go when their retention ends.",
    );
  }
  return await downloadEarlier(store, run, all, sweep, scratch);
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
  await unpackShard(await downloadFile(store, artifact, SHARD_TAR, packed, run), folder);
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
  unpackUnportable(folder);
  return { artifact, folder };
}

/** Puts files whose names an artifact cannot have back where they were. */
function unpackUnportable(folder: string): void {
  const tar = join(folder, UNPORTABLE);
  if (!existsSync(tar)) return;
  using archive = openTar(tar);
  for (const entry of archive.entries()) {
    const target = join(folder, entry.path);
    makeFolder(entry.folder ? target : dirname(target));
    if (!entry.folder) archive.extract(entry, target);
  }
}
