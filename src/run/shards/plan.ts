import { resolve } from "node:path";
import { z } from "zod";
import { addFile, addFolder, writeTar } from "../../engines/pack.ts";
import { formatIndices } from "../../plan/indices.ts";
import type { Keyer } from "../../plan/key.ts";
import { makePlan, type Plan } from "../../plan/plan.ts";
import {
  type MatrixEntry,
  type PlanFile,
  planDigest,
  shardBoundaries,
  shardMatrix,
} from "../../plan/shards.ts";
import { loadSweep } from "../../sweep/load.ts";
import { inRepository, sweepFiles } from "./files.ts";

export interface ShardPlanOptions {
  /** Path of the sweep file. */
  readonly sweep: string;
  /** `name=values`, as the flag `--param` takes them. */
  readonly params?: readonly string[];
  /** `key=value`, as the flag `--set` takes them. */
  readonly set?: readonly string[];
  /** More than a million points are meant. */
  readonly yes?: boolean;
  /** How many; null: 20. Never more than there are points to run. */
  readonly shards: number | null;
  /** Absolute path of the repository's root, in which everything that the sweep reads must be. */
  readonly root: string;
  readonly commit: string | null;
  /** `owner/name` */
  readonly repository: string | null;
  /** Measured seconds by point name, by which the shards are balanced. */
  readonly seconds?: ReadonlyMap<string, number>;
  /** What an earlier run has: the content keys, and where the results are. */
  readonly done?: {
    readonly keys: ReadonlySet<string>;
    readonly run: number;
    readonly artifacts: readonly { readonly id: number; readonly name: string }[];
  } | null;
  /** Makes the points' keys; needed for `done` alone. */
  readonly keyer?: Keyer | null;
  /** Path of the plan's tar, which is written. */
  readonly out: string;
  /** The process engine runs it, whose program is in the checkout. */
  readonly process: boolean;
}

export interface ShardedPlan {
  readonly plan: Plan;
  readonly file: PlanFile;
  /** What the shards name the plan by. */
  readonly digest: string;
  readonly matrix: { readonly include: MatrixEntry[] };
}

/**
 * Plans a sweep for several machines: cuts it into shards, and writes the tar with all that they
 * need to make the same plan again. The same plan gives the same bytes.
 *
 * @throws SweepError or ReportedError (2) for a sweep that cannot run, a number of shards that
 *   cannot be, files outside of the repository.
 */
export async function shardSweep(options: ShardPlanOptions): Promise<ShardedPlan> {
  const { params = [], set = [], commit, repository, done = null } = options;
  const root = resolve(options.root);
  const path = inRepository(resolve(options.sweep), root);
  const sweep = loadSweep(options.sweep, { params, set, allowOutside: false, root });
  const plan = makePlan(sweep, { confirmed: options.yes ?? false });
  const has = done === null ? [] : doneIndices(plan, done.keys, options.keyer ?? null);
  const boundaries = shardBoundaries(plan, { ...options, done: has });
  const { files, folders, carried } = await sweepFiles(sweep, root);
  const builds = sweep.image === null && sweep.build !== null;
  const file: PlanFile = {
    version: 1,
    sweep: { name: sweep.name, path, params: [...params], set: [...set] },
    points: plan.count,
    boundaries,
    done: formatIndices(has),
    resume:
      done === null || has.length === 0
        ? null
        : { run: done.run, artifacts: done.artifacts.map(({ id, name }) => ({ id, name })) },
    keys: has.length === 0 || !options.keyer ? null : keyContextOf(options.keyer.common),
    commit,
    repository,
    checkout: options.process || builds || !carried,
    files: files.map((one) => ({ path: one.path, sha256: one.sha256, carried })),
  };
  await writeTar(resolve(options.out), async (archive) => {
    await addFile(archive, "plan.json", 0o644, `${JSON.stringify(file, null, 2)}\n`);
    if (!carried) return;
    for (const folder of folders) addFolder(archive, `files/${folder}`);
    for (const { path: name, executable, content } of files) {
      if (content !== null) {
        await addFile(archive, `files/${name}`, executable ? 0o755 : 0o644, content);
      }
    }
  });
  return { plan, file, digest: planDigest(file), matrix: shardMatrix(file) };
}

function doneIndices(plan: Plan, keys: ReadonlySet<string>, keyer: Keyer | null): number[] {
  if (keyer === null) throw new TypeError("what an earlier run has is known by keys");
  const indices: number[] = [];
  if (keys.size === 0) return indices;
  for (const point of plan.points()) if (keys.has(keyer.key(point).key)) indices.push(point.index);
  return indices;
}

const COMMON = z.object({
  image: z.string(),
  inputs: z.array(z.object({ to: z.string(), sha256: z.string() })),
});

/**
 * What a plan's keys are made with besides the sweep, out of what they have in common.
 *
 * @throws ZodError or SyntaxError for a text that no keyer wrote.
 */
export function keyContextOf(common: string): NonNullable<PlanFile["keys"]> {
  const { image, inputs } = COMMON.parse(JSON.parse(common));
  return { identity: image, inputs };
}
