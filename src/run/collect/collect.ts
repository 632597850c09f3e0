import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { z } from "zod";
import { openTar, TarError } from "../../engines/tar-file.ts";
import { type Indices, parseIndices } from "../../plan/indices.ts";
import { keyer } from "../../plan/key.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Point } from "../../plan/point.ts";
import { shardPlan } from "../../plan/shards.ts";
import { databaseRefused, openDatabase } from "../../results/database.ts";
import { discardAll } from "../../results/discard.ts";
import { exportRun } from "../../results/export.ts";
import { failures, remarks } from "../../results/failures.ts";
import {
  createRunFolder,
  folderRefused,
  isAboutFolder,
  isDiskFull,
  makeFolder,
  type RunFolder,
  runFolder,
} from "../../results/folder.ts";
import { lockRunFolder } from "../../results/lock.ts";
import { machinesOf, runCost } from "../../results/machines.ts";
import { writeRequest } from "../../results/request.ts";
import { statusCounts } from "../../results/rows.ts";
import { ReportedError } from "../../sweep/errors.ts";
import type { Sweep } from "../../sweep/sweep.ts";
import type { Emit } from "../events.ts";
import { runId } from "../journal.ts";
import { requestOf } from "../request.ts";
import { reuseResults } from "../reuse.ts";
import type { OpenPlan } from "../shards/open.ts";
import type { RunSummary } from "../summary.ts";
import { type Candidate, candidatesOf, type IgnoredTar } from "./candidates.ts";
import { type Merged, type Merger, openMerger } from "./merge.ts";
import { type MissingPoints, missingPoints } from "./missing.ts";
import { openShardRows, ShardProblem } from "./shard-rows.ts";
import { surveyShard, unpackInto } from "./shard-tar.ts";

export interface CollectOptions {
  readonly plan: OpenPlan;
  /** Paths of shards' tars: any number, of any attempts, foreign ones too. */
  readonly shards: readonly string[];
  /** Run folders of the earlier run whose results the plan counts as done. */
  readonly earlier?: readonly string[];
  /** The run folder to make; absent or empty. */
  readonly out: string;
  readonly parquet?: boolean;
  readonly onEvent?: Emit;
}

export interface Collected extends RunSummary {
  readonly missing: readonly MissingPoints[];
  readonly used: readonly {
    readonly shard: number;
    readonly attempt: number;
    readonly tar: string;
  }[];
  readonly ignored: readonly IgnoredTar[];
}

/**
 * Puts the shards of a plan together into one run folder, as if one machine had run all of it:
 * `status`, `logs` and a later `run --out` take it. Of each shard the highest complete attempt
 * counts, or else the highest; one that is not what a run of this plan packs is ignored, and the
 * next is looked at. Finish steps are not run. Whatever a tar holds, nothing is written but under the names of its own points.
 *
 * @throws ReportedError (2) for a folder that is not empty, (3) where folder or disk refuse.
 */
export async function collectPoints(options: CollectOptions): Promise<Collected> {
  const folder = runFolder(resolve(options.out));
  if (existsSync(folder.root) && readdirSync(folder.root).length > 0) {
    throw new ReportedError(
      2,
      `${folder.root} is not empty.\nCollect into a folder of its own, as --out runs/NAME.`,
    );
  }
  try {
    createRunFolder(folder);
    makeFolder(folder.failed);
    return await collectInto(folder, options);
  } catch (error) {
    // A part of the results would look like all of them.
    discardAll(folder.root);
    if (error instanceof ReportedError) throw error;
    if (isDiskFull(error) || isAboutFolder(folder, error)) throw folderRefused(folder, error);
    throw databaseRefused(folder, error) ?? error;
  }
}

async function collectInto(folder: RunFolder, options: CollectOptions): Promise<Collected> {
  const { plan, file } = options.plan;
  const emit = options.onEvent ?? (() => {});
  using _lock = lockRunFolder(folder);
  using database = openDatabase(folder);
  // What a loss of power takes can be collected again; waiting for the disk can take longer than all
  // the rest.
  database.exec("PRAGMA synchronous = OFF");
  const run = runId(database, plan.sweep.name);
  const { candidates, ignored } = candidatesOf(options.plan, options.shards);
  const merger = openMerger(database, plan);
  const taken: Taken[] = [];

  database.exec("BEGIN IMMEDIATE");
  for (let shard = 0; shard + 1 < file.boundaries.length; shard++) {
    const own = shardPlan(plan, file, shard);
    const context = { folder, database, merger, ignored };
    const found = takeShard(shard, own, candidates.get(shard) ?? [], context);
    if (found !== null) taken.push(found);
    // A turn for timers and signals.
    await nextTurn();
  }
  const used = new Map(taken.map((one) => [one.shard, one]));
  const earlierKeys = file.keys === null ? null : keyer(plan.sweep, file.keys);
  const keys = earlierKeys ?? taken.find((one) => one.keys !== null)?.keys ?? null;
  for (let shard = 0; shard + 1 < file.boundaries.length; shard++) {
    const points = used.get(shard)?.absent ?? shardPlan(plan, file, shard).points();
    merger.addUnknown(points, keys);
  }
  const done = parseIndices(file.done, file.points);
  merger.addUnknown(pointsIn(plan, done), earlierKeys);
  let cached = 0;
  for (const earlier of options.earlier ?? []) {
    cached += takeEarlier(database, folder, resolve(earlier), ignored);
  }
  noteRequest(database, plan.sweep, folder);
  database.exec("COMMIT");

  warnOfImages(taken, emit);
  const exports = await exportRun(database, folder, { parquet: options.parquet ?? false });
  discardAll(folder.staging);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return {
    run,
    folder: folder.root,
    ...executionsOf(database),
    counts: statusCounts(database),
    cached,
    failures: failures(database, folder, 20),
    remarks: remarks(database, 5),
    exports: exports.map((name) => join(folder.root, name)),
    finish: [],
    report: null,
    cost: runCost(machinesOf(database), Date.now()),
    interrupted: null,
    stopped: null,
    missing: missingPoints(database, file, used),
    used: taken.map(({ shard, attempt, tar }) => ({ shard, attempt, tar })),
    ignored,
  };
}

/** What is to be run again is the whole sweep, by its last shard's engine. */
function noteRequest(database: DatabaseSync, sweep: Sweep, folder: RunFolder): void {
  const last = database.prepare("SELECT max(number) AS number FROM executions").get();
  const { number } = z.object({ number: z.number().nullable() }).parse(last);
  const request = requestOf(sweep, folder.root, []);
  if (number !== null && request !== null) writeRequest(database, number, request);
}

/** Takes over the results of a run folder; one that is none is ignored, like a tar. */
function takeEarlier(
  database: DatabaseSync,
  folder: RunFolder,
  earlier: string,
  ignored: IgnoredTar[],
): number {
  try {
    return reuseResults(database, folder, runFolder(earlier), { verify: false, foreign: true });
  } catch (error) {
    if (!(error instanceof ReportedError)) throw error;
    const [why = ""] = error.message.split("\n");
    ignored.push({ tar: earlier, why });
    return 0;
  }
}

function* pointsIn(plan: Plan, indices: Indices): Generator<Point> {
  if (indices.count === 0) return;
  for (const point of plan.points()) if (indices.has(point.index)) yield point;
}

/** A shard's tar that counts. */
interface Taken extends Candidate, Merged {
  readonly shard: number;
}

/** Takes the first of a shard's tars that is what it should be; null where none is. */
function takeShard(
  shard: number,
  own: Plan,
  candidates: readonly Candidate[],
  context: {
    readonly folder: RunFolder;
    readonly database: DatabaseSync;
    readonly merger: Merger;
    readonly ignored: IgnoredTar[];
  },
): Taken | null {
  const { folder, database, merger, ignored } = context;
  if (candidates.length === 0) return null;
  const names = new Set(Array.from(own.points(), ({ name }) => name));
  const staged = join(folder.staging, "shard.db");
  for (const candidate of candidates) {
    database.exec("SAVEPOINT shard");
    try {
      using tar = openTar(candidate.tar);
      const contents = surveyShard(tar, names, staged);
      using rows = openShardRows(staged);
      const merged = merger.addShard(shard, own.points(), rows, contents);
      unpackInto(tar, folder, { points: merged.succeeded, failed: merged.failed });
      database.exec("RELEASE shard");
      return { shard, ...candidate, ...merged };
    } catch (error) {
      if (!(error instanceof ShardProblem || error instanceof TarError)) throw error;
      database.exec("ROLLBACK TO shard; RELEASE shard");
      ignored.push({ tar: candidate.tar, why: error.message });
    }
  }
  return null;
}

/** The same plan under two images gives two kinds of results in one table. */
function warnOfImages(taken: readonly Taken[], emit: Emit): void {
  const kinds = Map.groupBy(
    taken.filter(({ keys }) => keys !== null),
    ({ keys }) => keys?.common,
  );
  if (kinds.size < 2) return;
  const groups = [...kinds.values()].map((group) => group.map(({ shard }) => shard).join(", "));
  const message =
    `The shards did not all run the same image with the same inputs: shards ${groups.join("; ")}. ` +
    "Name the image by its digest, as the build action's output does.";
  emit({ type: "warning", message });
}

const EXECUTION = z.object({
  engine: z.string(),
  started: z.string(),
  ended: z.string().nullable(),
});

/** The engines, and the seconds from the first start of an orchestrator to the last end. */
function executionsOf(database: DatabaseSync): { engine: string; seconds: number } {
  const rows = database
    .prepare("SELECT engine, started, ended FROM executions")
    .all()
    .map((row) => EXECUTION.parse(row));
  const engines = [...new Set(rows.map(({ engine }) => engine))];
  const times = rows.flatMap(({ started, ended }) =>
    [started, ended].flatMap((text) => (text === null ? [] : [Date.parse(text)])),
  );
  const first = times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
  const last = times.reduce((most, time) => Math.max(most, time), first);
  return {
    engine: engines.length === 0 ? "none" : engines.join(", "),
    seconds: times.length === 0 ? 0 : (last - first) / 1000,
  };
}
