import { openTar, TarError } from "../../engines/tar-file.ts";
import { ReportedError } from "../../sweep/errors.ts";
import type { OpenPlan } from "../shards/open.ts";
import { describeShard } from "../shards/unpack.ts";

/** A tar that says it is a shard of the plan. */
export interface Candidate {
  readonly tar: string;
  readonly attempt: number;
  readonly complete: boolean;
}

/** A tar that does not count. */
export interface IgnoredTar {
  readonly tar: string;
  /** Reads on after the tar's name. */
  readonly why: string;
}

/**
 * The tars of each shard, the best first: a complete one before others, then the highest attempt,
 * then the later upload.
 *
 * @throws ReportedError (2) for a tar that is not there.
 */
export function candidatesOf(
  { file, digest }: OpenPlan,
  tars: readonly string[],
): { readonly candidates: ReadonlyMap<number, Candidate[]>; readonly ignored: IgnoredTar[] } {
  const candidates = new Map<number, Candidate[]>();
  const ignored: IgnoredTar[] = [];
  for (const tar of tars) {
    try {
      using archive = openTar(tar);
      const { plan, shard, attempt, complete } = describeShard(archive);
      if (plan !== digest) throw new TarError("belongs to another plan");
      if (shard > file.boundaries.length - 2) throw new TarError(`is a shard ${shard}, of none`);
      const others = candidates.get(shard) ?? [];
      candidates.set(shard, [{ tar, attempt, complete }, ...others]);
    } catch (error) {
      if (error instanceof TarError) ignored.push({ tar, why: error.message });
      else throw unreadable(tar, error);
    }
  }
  // The later of equals is in front already.
  for (const list of candidates.values()) {
    list.sort((a, b) => Number(b.complete) - Number(a.complete) || b.attempt - a.attempt);
  }
  return { candidates, ignored };
}

function unreadable(tar: string, cause: unknown): ReportedError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new ReportedError(2, `${tar} cannot be read: ${text}\nName the tars of shards.`, {
    cause,
  });
}
