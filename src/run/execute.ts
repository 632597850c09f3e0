import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { type Engine, EngineLostError } from "../engines/engine.ts";
import type { Plan } from "../plan/plan.ts";
import { databaseRefused, openDatabase } from "../results/database.ts";
import { discardAll } from "../results/discard.ts";
import { exportRun } from "../results/export.ts";
import { failures, remarks } from "../results/failures.ts";
import { finishSteps } from "../results/finish.ts";
import {
  createRunFolder,
  dropReport,
  folderRefused,
  hasReport,
  isAboutFolder,
  isDiskFull,
  runFolder,
} from "../results/folder.ts";
import { lockRunFolder } from "../results/lock.ts";
import { machinesOf, runCost } from "../results/machines.ts";
import { writeRequest } from "../results/request.ts";
import { statusCounts } from "../results/rows.ts";
import { ReportedError } from "../sweep/errors.ts";
import type { Emit } from "./events.ts";
import { resolveInputs } from "./inputs.ts";
import type { Texts } from "./jobs.ts";
import { openJournal, runId, startExecution } from "./journal.ts";
import { carryOutMoves } from "./moves.ts";
import { makeQueue } from "./queue.ts";
import { type ResumeMode, reconcile } from "./reconcile.ts";
import { recoverRun } from "./recover.ts";
import { requestOf } from "./request.ts";
import { reuseResults } from "./reuse.ts";
import { schedule, workerCount } from "./scheduler.ts";
import { interruptionBy, type RunSummary } from "./summary.ts";

export interface ExecuteOptions {
  /** Absolute path of the run folder. */
  readonly out: string;
  readonly texts: Texts;
  readonly mode: ResumeMode;
  /** Reads the outputs of finished points and compares their sha256. */
  readonly verify: boolean;
  /** Absolute paths of other run folders whose results count; the first that has one is taken. */
  readonly reuse: readonly string[];
  readonly parquet: boolean;
  /** Secrets by name. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly env: NodeJS.ProcessEnv;
  /** Start nothing, end what runs gently, keep what finished. */
  readonly signal: AbortSignal;
  /** End what runs at once. */
  readonly kill: AbortSignal;
  readonly emit: Emit;
}

/**
 * Executes a plan into a run folder: takes up what an earlier execution left, runs what is
 * missing, exports.
 *
 * @throws ReportedError (2, 3) where engine, folder or inputs refuse; what finished is kept.
 */
export async function execute(
  plan: Plan,
  engine: Engine,
  options: ExecuteOptions,
): Promise<RunSummary> {
  const started = performance.now();
  const { sweep } = plan;
  const { emit } = options;
  const stop = AbortSignal.any([options.signal, options.kill]);
  const capacity = await engine.capacity();
  const image = await engine.prepare(sweep, stop);
  const workers = workerCount(sweep, capacity);

  const folder = runFolder(options.out);
  createRunFolder(folder);
  using _lock = lockRunFolder(folder);
  // Again, because whoever held it until now may have tidied up.
  createRunFolder(folder);
  try {
    const inputs = await resolveInputs(sweep, {
      cacheFolder: folder.cache,
      env: options.env,
      signal: stop,
    });
    using database = openDatabase(folder);
    const run = runId(database, sweep.name);
    const execution = startExecution(database, {
      engine: engine.name,
      image: image.label,
      identity: image.identity,
      workers,
    });
    const request = requestOf(sweep, folder.root, Object.values(options.secrets));
    if (request !== null) writeRequest(database, execution, request);
    const journal = openJournal(database, run, execution);
    carryOutMoves(database, folder);
    const context = { journal, folder, engine, secrets: options.secrets };
    const saved = await recoverRun(context);
    if (saved > 0) {
      emit({ type: "warning", message: `${saved} finished points of a killed run were saved.` });
    }

    const keys = options.texts.keys({ identity: image.identity, inputs });
    const found = reconcile(database, folder, plan, keys, options);
    if (found.damaged.count > 0) {
      const { count, examples } = found.damaged;
      const message = `${count} finished points run again, their outputs changed: ${examples.join("; ")}`;
      emit({ type: "warning", message });
    }
    const reused = options.reuse.reduce(
      (sum, other) => sum + reuseResults(database, folder, runFolder(other), options),
      0,
    );
    // Its figures end here: a run that is interrupted or killed leaves no page rather than an old one.
    if (found.changed || finishSteps(database).length !== sweep.finish.length) dropReport(folder);
    emit({
      type: "planned",
      run,
      folder: folder.root,
      engine: engine.name,
      image: image.label,
      points: plan.count,
      cached: found.cached + reused,
      todo: found.todo - reused,
      workers,
    });

    const stopped = await schedule({
      ...context,
      sweep,
      render: options.texts.render,
      inputs: inputs.map(({ source, to }) => ({ source, target: to, perTask: false })),
      emit,
      stop,
      kill: options.kill,
      queue: makeQueue(database, journal, sweep.isolation),
      workers,
      firstTask: firstTask(database),
    });
    const exports = await exportRun(database, folder, { parquet: options.parquet });
    if (!discardAll(folder.staging)) {
      const message = `Containers left files of other users in ${folder.staging}: they may be removed by an administrator.`;
      emit({ type: "warning", message });
    }
    journal.finish();
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return {
      run,
      folder: folder.root,
      engine: engine.name,
      counts: statusCounts(database),
      cached: found.cached + reused,
      seconds: (performance.now() - started) / 1000,
      failures: failures(database, folder, 20),
      remarks: remarks(database, 5),
      exports: exports.map((name) => join(folder.root, name)),
      finish: [],
      report: hasReport(folder) ? folder.report : null,
      cost: runCost(machinesOf(database), Date.now()),
      interrupted: interruptionBy(stop),
      stopped,
    };
  } catch (error) {
    if (error instanceof EngineLostError) {
      const remedy = "Start it, then run the same command again: what finished is kept.";
      throw new ReportedError(3, `${error.message}\n${remedy}`, { cause: error });
    }
    if (error instanceof ReportedError) throw error;
    if (isDiskFull(error) || isAboutFolder(folder, error)) throw folderRefused(folder, error);
    throw databaseRefused(folder, error) ?? error;
  }
}

/**
 * What `execute` leaves and tells where a plan has no points, for which no engine is needed.
 *
 * @throws ReportedError (3) where the folder refuses.
 */
export async function executeNothing(
  plan: Plan,
  { out, parquet }: Pick<ExecuteOptions, "out" | "parquet">,
): Promise<RunSummary> {
  const started = performance.now();
  const folder = runFolder(out);
  createRunFolder(folder);
  using _lock = lockRunFolder(folder);
  using database = openDatabase(folder);
  const run = runId(database, plan.sweep.name);
  const exports = await exportRun(database, folder, { parquet });
  discardAll(folder.staging);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return {
    run,
    folder: folder.root,
    engine: "none",
    counts: statusCounts(database),
    cached: 0,
    seconds: (performance.now() - started) / 1000,
    failures: [],
    remarks: { count: 0, first: [] },
    exports: exports.map((name) => join(folder.root, name)),
    finish: [],
    report: null,
    cost: runCost(machinesOf(database), Date.now()),
    interrupted: null,
    stopped: null,
  };
}

/** Tasks are numbered over all executions, so that no two ever share a name. */
function firstTask(database: DatabaseSync): number {
  const row = database.prepare("SELECT coalesce(max(id), 0) + 1 AS next FROM attempts").get();
  return z.object({ next: z.number() }).parse(row).next;
}
