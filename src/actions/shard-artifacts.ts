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
}

interface Named {
  readonly name: string;
  /** Ascending with time. */
  readonly id: number;
}

/** The name of a shard's artifact; the store appends `-2`, `-3` to a name that is taken. */
export function shardArtifactName(sweep: string, shard: number, attempt: number): string {
  return `${sweep}-${shard}-${attempt}`;
}

/**
 * Those of a run's artifacts that are shards of a sweep by their names, by shard, the latest first:
 * the highest attempt, of one attempt the last upload. (Suffixes do not tell: the
 * next attempt of a run can take a name again.)
 */
export function shardArtifacts<Artifact extends Named>(
  artifacts: readonly Artifact[],
  sweep: string,
): Map<number, ShardArtifact<Artifact>[]> {
  const found = artifacts.flatMap((artifact): ShardArtifact<Artifact>[] => {
    const numbers = numbersOf(artifact, sweep, /^(\d+)-(\d+)(?:-\d+)?$/);
    if (numbers === null) return [];
    const [shard = 0, attempt = 0] = numbers;
    return [{ artifact, shard, attempt }];
  });
  found.sort((a, b) => a.shard - b.shard || b.attempt - a.attempt || b.artifact.id - a.artifact.id);
  return Map.groupBy(found, ({ shard }) => shard);
}

/** Those of a run's artifacts that were uploaded under a name, the latest first. */
export function uploadsOf<Artifact extends Named>(
  artifacts: readonly Artifact[],
  name: string,
): Artifact[] {
  return artifacts
    .filter((one) => one.name === name || numbersOf(one, name, /^(\d+)$/) !== null)
    .sort((a, b) => b.id - a.id);
}

function numbersOf({ name }: Named, start: string, rest: RegExp): number[] | null {
  if (!name.startsWith(`${start}-`)) return null;
  const match = rest.exec(name.slice(start.length + 1));
  return match?.slice(1).map(Number) ?? null;
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
