import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type OpenPlan,
  openPlan,
  packShard,
  type RunSummary,
  runShard,
  type ShardPlanOptions,
  shardSweep,
} from "../../../src/index.ts";

/** Ten points; each writes its number, a metric and a line of log. */
export const SWEEP = `name: tiny
process: [sh, -c]
parameters:
  i: { range: "0-9" }
command: ['echo {{ i }} > "$SIM_OUTPUT/point"; echo "{\\"twice\\": $(({{ i }} * 2))}" > "$SIM_OUTPUT/result.json"; echo log {{ i }}']
outputs: [point]
`;

/** Writes files into a folder, made when needed. */
export function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

export interface Sharded {
  readonly root: string;
  readonly tar: string;
  readonly plan: OpenPlan;
  readonly matrix: { readonly include: readonly { shard: number; points: string }[] };
}

/** A repository with the sweep, planned and opened. */
export async function planned(
  folder: string,
  sweep: string,
  options: Partial<ShardPlanOptions> = {},
): Promise<Sharded> {
  const root = join(folder, "repository");
  write(root, { "sims/tiny/sweep.yaml": sweep });
  const tar = join(folder, "plan.tar");
  const { matrix } = await shardSweep({
    sweep: join(root, "sims/tiny/sweep.yaml"),
    shards: 3,
    root,
    commit: null,
    repository: "org/repo",
    process: true,
    out: tar,
    ...options,
  });
  return { root, tar, matrix, plan: await opened(folder, root, tar) };
}

let opens = 0;

export async function opened(folder: string, root: string, tar: string): Promise<OpenPlan> {
  const scratch = join(folder, `scratch-${opens++}`);
  mkdirSync(scratch);
  return await openPlan(tar, scratch, { root, commit: null });
}

export interface Packed {
  readonly tar: string;
  readonly summary: RunSummary;
  readonly run: string;
}

/** Runs a shard as processes and packs it. */
export async function packed(
  folder: string,
  plan: OpenPlan,
  shard: number,
  { attempt = 1, complete = true, out = join(folder, `run-${shard}-${attempt}`) } = {},
): Promise<Packed> {
  const summary = await runShard({ plan, shard, out, engine: "process" });
  const tar = join(folder, `shard-${shard}-${attempt}.tar`);
  await packShard({ plan, shard, attempt, complete, folder: out, out: tar });
  return { tar, summary, run: out };
}
