import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type OpenPlan, openPlan, packShard, shardSweep } from "../../src/index.ts";
import { keyer } from "../../src/plan/key.ts";
import { shardPlan } from "../../src/plan/shards.ts";
import { openDatabase } from "../../src/results/database.ts";
import { createRunFolder, runFolder } from "../../src/results/folder.ts";
import { inspectOutputs } from "../../src/results/outputs.ts";
import { openJournal, runId, startExecution } from "../../src/run/journal.ts";
import { reconcile } from "../../src/run/reconcile.ts";

export interface PackedShards {
  /** Paths of the plan's tar, the repository it was made of, and the shards' tars. */
  readonly plan: string;
  readonly root: string;
  readonly shards: readonly string[];
}

/**
 * A plan and its packed shards as an orchestrator would have left them, without anything being run:
 * each point has a result.json, a log and one small file.
 */
export async function packedShards(
  folder: string,
  options: { readonly points: number; readonly shards: number },
): Promise<PackedShards> {
  const root = join(folder, "repository");
  mkdirSync(root);
  const sweep = join(root, "sweep.yaml");
  const range = `"1-${options.points}"`;
  writeFileSync(
    sweep,
    `name: packed\nimage: busybox\nparameters: { i: { range: ${range} } }\ncommand: ["{{ i }}"]\n`,
  );
  const plan = join(folder, "plan.tar");
  const none = { commit: null, repository: null };
  await shardSweep({ sweep, root, shards: options.shards, out: plan, process: false, ...none });
  const scratch = join(folder, "scratch");
  mkdirSync(scratch);
  const open = await openPlan(plan, scratch, { root, commit: null });
  const shards: string[] = [];
  for (let shard = 0; shard < options.shards; shard++) {
    const run = join(folder, `run-${shard}`);
    await makeShard(open, shard, run);
    const tar = join(folder, `shard-${shard}.tar`);
    await packShard({ plan: open, shard, attempt: 1, complete: true, folder: run, out: tar });
    shards.push(tar);
  }
  return { plan, root, shards };
}

/** A run folder in which every point of the shard has succeeded. */
async function makeShard(open: OpenPlan, shard: number, run: string): Promise<void> {
  const folder = runFolder(run);
  createRunFolder(folder);
  using database = openDatabase(folder);
  const own = shardPlan(open.plan, open.file, shard);
  const identity = `sha256:${"0".repeat(64)}`;
  const keys = keyer(own.sweep, { identity, inputs: [] });
  const id = runId(database, own.sweep.name);
  const image = { engine: "docker", image: "busybox", identity, workers: 4 };
  const journal = openJournal(database, id, startExecution(database, image));
  reconcile(database, folder, own, keys, { mode: "auto", verify: false });
  const measured = { exitCode: 0, seconds: 1.5, cpuSeconds: 1.25, peakMemory: 1e7, reason: null };
  const ends = new Map<string, Awaited<ReturnType<typeof writePoint>>>();
  const points = journal.pending(-1, own.count);
  for (const { name, index } of points) ends.set(name, await writePoint(run, name, index));
  for (const point of points) {
    const { index, key, name } = point;
    const task = String(index);
    const single = { folder: "", outputs: [], protocol: "single" as const };
    journal.start([{ task, point, attempt: 1, worker: 0, ...single }]);
    const end = { status: "succeeded" as const, ...measured, logOffset: null };
    journal.placing(task, key, { ...end, metrics: { value: index }, files: ends.get(name) ?? [] });
    journal.placed(task, key);
  }
  journal.finish();
}

async function writePoint(run: string, name: string, index: number) {
  const output = join(run, "points", name);
  const log = join(run, "logs", name);
  mkdirSync(output);
  mkdirSync(log);
  writeFileSync(join(output, "result.json"), JSON.stringify({ value: index }));
  writeFileSync(join(output, "series.csv"), `step,value\n0,${index}\n`.repeat(20));
  writeFileSync(join(log, "1.txt"), `starting ${name}\nended\n`);
  return (await inspectOutputs(output, [])).files;
}
