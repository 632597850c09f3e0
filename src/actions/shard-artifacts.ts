import { readShardFile, type ShardFile } from "../index.ts";
import { ReportedError } from "../sweep/errors.ts";

/** The one file in a plan's artifact, and in a shard's. */
export const PLAN_TAR = "plan.tar";
export const SHARD_TAR = "shard.tar";

/** A shard's artifact as its name tells. */
export interface ShardArtifact<Artifact> {
  readonly artifact: Artifact;
  readonly shard: number;
  readonly attempt: number;
  /** 1 for the name without a suffix. */
  readonly suffix: number;
}

interface Named {
  readonly name: string;
}

/** The name of a shard's artifact; the store appends `-2`, `-3` to a name that is taken. */
export function shardArtifactName(sweep: string, shard: number, attempt: number): string {
  return `${sweep}-${shard}-${attempt}`;
}

/**
 * Those of a run's artifacts that are shards of a sweep by their names, by shard, the latest first:
 * the highest attempt, of one attempt the highest suffix.
 */
export function shardArtifacts<Artifact extends Named>(
  artifacts: readonly Artifact[],
  sweep: string,
): Map<number, ShardArtifact<Artifact>[]> {
  const found = artifacts.flatMap((artifact): ShardArtifact<Artifact>[] => {
    const numbers = numbersOf(artifact, sweep, /^(\d+)-(\d+)(?:-(\d+))?$/);
    if (numbers === null) return [];
    const [shard = 0, attempt = 0, suffix = 1] = numbers;
    return [{ artifact, shard, attempt, suffix }];
  });
  found.sort((a, b) => a.shard - b.shard || b.attempt - a.attempt || b.suffix - a.suffix);
  return Map.groupBy(found, ({ shard }) => shard);
}

/** Those of a run's artifacts that were uploaded under a name, the latest first. */
export function uploadsOf<Artifact extends Named>(
  artifacts: readonly Artifact[],
  name: string,
): Artifact[] {
  return artifacts
    .flatMap((artifact) => {
      const suffix = artifact.name === name ? [1] : numbersOf(artifact, name, /^(\d+)$/);
      return suffix === null ? [] : [{ artifact, suffix: suffix[0] ?? 1 }];
    })
    .sort((a, b) => b.suffix - a.suffix)
    .map(({ artifact }) => artifact);
}

function numbersOf({ name }: Named, start: string, rest: RegExp): (number | undefined)[] | null {
  if (!name.startsWith(`${start}-`)) return null;
  const match = rest.exec(name.slice(start.length + 1));
  return match?.slice(1).map((text) => (text === undefined ? undefined : Number(text))) ?? null;
}

/** What a downloaded shard's tar says of itself; null for a tar that is no shard's. */
export async function shardOf(tar: string): Promise<ShardFile | null> {
  try {
    return await readShardFile(tar);
  } catch (error) {
    if (error instanceof ReportedError) return null;
    throw error;
  }
}
