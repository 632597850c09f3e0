import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { EngineLostError } from "../engines/engine.ts";
import type { Plan } from "../plan/plan.ts";
import { databaseRefused, openDatabase } from "../results/database.ts";
import { discard } from "../results/discard.ts";
import { type FinishRow, finishSteps } from "../results/finish.ts";
import {
  folderRefused,
  isAboutFolder,
  isDiskFull,
  makeFolder,
  type RunFolder,
  runFolder,
} from "../results/folder.ts";
import { lockRunFolder } from "../results/lock.ts";
import { inspectOutputs, type OutputFile, verifyOutputs } from "../results/outputs.ts";
import type { Emit } from "../run/events.ts";
import { runId } from "../run/journal.ts";
import { openLog } from "../run/log.ts";
import { ReportedError } from "../sweep/errors.ts";
import type { FinishStep } from "../sweep/sweep.ts";
import { runCommand } from "./command.ts";
import { StepFailure } from "./failure.ts";
import {
  endStep,
  noteRemovals,
  planSteps,
  type Removal,
  rekeySteps,
  type StepEnd,
  startStep,
} from "./journal.ts";
import { finishKeys } from "./key.ts";
import { type FinishPoint, finishPoints, sourcesOf } from "./points.ts";
import { makeSheet } from "./sheet.ts";
import type { StepContext } from "./task.ts";
import { mergeTiles } from "./tiles.ts";
import type { FinishTools } from "./tools.ts";
import { makeVideo } from "./video.ts";

export interface FinishOptions {
  /** Absolute path of the run folder, which nobody holds. */
  readonly folder: string;
  /** Makes every step anew, whatever is there. */
  readonly again: boolean;
  /** Reads what earlier executions made and compares its sha256, instead of the sizes. */
  readonly verify: boolean;
  /** Begins no step, ends the one that runs gently. */
  readonly signal: AbortSignal;
  /** Ends it at once. */
  readonly kill: AbortSignal;
  readonly emit: Emit;
}

/** A step's log is cut in the middle beyond this many bytes, as those of points. */
const LOG_LIMIT = 10 * 1024 * 1024;

/**
 * Runs the finish steps of a plan whose points have ended, in their order. A step whose content key
 * has succeeded before, with its files still there, is not run again. A step that fails does not
 * keep the next from running. What a step makes is moved into the run folder's `finish/` when it is
 * whole.
 *
 * @returns how each step ended.
 * @throws ReportedError (3) where the run folder or an engine refuses.
 */
export async function runFinish(
  plan: Plan,
  tools: FinishTools,
  options: FinishOptions,
): Promise<FinishRow[]> {
  const folder = runFolder(options.folder);
  const steps = plan.sweep.finish;
  using _lock = lockRunFolder(folder);
  try {
    using database = openDatabase(folder);
    if (steps.length === 0) {
      planSteps(database, [], () => false);
      return [];
    }
    const points = finishPoints(database);
    const finish = finishFolder(folder);
    const keyed = finishKeys(steps, points, tools).map((key, index) => ({
      key,
      kind: steps[index]?.kind ?? "command",
    }));
    const deep = options.verify;
    planSteps(database, keyed, (files) => !options.again && isWhole(finish, files, deep));
    const run = runId(database, plan.sweep.name);
    if (finishSteps(database).some(({ status }) => status === "pending")) {
      await endLeftovers(run, tools);
    }
    for (const row of finishSteps(database)) {
      const step = steps[row.index];
      if (step === undefined || options.signal.aborted || options.kill.aborted) continue;
      if (row.status !== "succeeded") {
        await runStep(step, row, { ...options, run, database, folder, points, tools });
      }
      const [now] = finishSteps(database).filter(({ index }) => index === row.index);
      if (now !== undefined) options.emit({ type: "finish", step: now });
    }
    if (finishSteps(database).every(({ status }) => status === "succeeded")) {
      removeFrames(database, folder, steps, points);
      rekeySteps(database, finishKeys(steps, finishPoints(database), tools));
    }
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return finishSteps(database);
  } catch (error) {
    if (error instanceof ReportedError) throw error;
    if (isDiskFull(error) || isAboutFolder(folder, error)) throw folderRefused(folder, error);
    throw databaseRefused(folder, error) ?? error;
  }
}

/**
 * Ends what the steps of a killed orchestrator left running: the points' engine need not be the one
 * that ran them.
 */
async function endLeftovers(run: string, { ffmpeg, commands }: FinishTools): Promise<void> {
  const tools = [...(ffmpeg === null ? [] : [ffmpeg]), ...commands.values()];
  for (const engine of new Set(tools.map((tool) => tool.engine))) {
    const left = await engine.recover(run, () => null);
    await Promise.all(left.map(({ release }) => release()));
  }
}

function finishFolder(folder: RunFolder): string {
  return join(folder.root, "finish");
}

function isWhole(finish: string, files: readonly OutputFile[], deep: boolean): boolean {
  return verifyOutputs(finish, files, { deep }) === null;
}

interface RunContext
  extends Pick<FinishOptions, "signal" | "kill" | "emit">,
    Pick<StepContext, "run" | "folder" | "points" | "tools"> {
  readonly database: DatabaseSync;
}

async function runStep(step: FinishStep, row: FinishRow, context: RunContext): Promise<void> {
  const { database, folder, emit, signal, kill } = context;
  const { index } = row;
  const logs = `finish-logs/${index}-${step.kind}`;
  const attempt = nextAttempt(join(folder.root, logs));
  const logPath = `${logs}/${attempt}.txt`;
  const staging = join(folder.staging, `finish-${index}-${attempt}`);
  discard(staging, folder.staging);
  const output = join(staging, "output");
  makeFolder(output);
  startStep(database, index, logPath);
  emit({ type: "finish", step: { ...row, status: "running", log: logPath } });
  const started = performance.now();
  const log = openLog(join(folder.root, logPath), { limit: LOG_LIMIT, secrets: [] });
  const end = async (): Promise<Omit<StepEnd, "seconds">> => {
    try {
      const { run, points, tools } = context;
      const ends = { signal: AbortSignal.any([signal, kill]), kill };
      const own = { run, folder, index, attempt, points, tools, staging, output, log, ...ends };
      const remark = await perform(own, step);
      const { files, dropped } = await inspectOutputs(output, [], ends.signal);
      if (files.length === 0) throw new StepFailure("It made no file.");
      checkOwners(database, index, files);
      place(output, finishFolder(folder), files);
      const remarks = [remark, ...dropped.map(({ path, reason }) => `${path} dropped: ${reason}`)];
      const reason = remarks.filter((one) => one !== null).join("\n") || null;
      return { status: "succeeded", reason, files };
    } catch (error) {
      if (signal.aborted || kill.aborted) return { status: "cancelled", reason: null, files: null };
      const status = error instanceof EngineLostError ? "lost" : "failed";
      if (!(error instanceof StepFailure || error instanceof EngineLostError)) throw error;
      return { status, reason: error.message, files: null };
    }
  };
  try {
    const ended = await end();
    if (ended.reason !== null) log.write(Buffer.from(`${ended.reason}\n`));
    endStep(database, index, { ...ended, seconds: (performance.now() - started) / 1000 });
  } finally {
    await log.close();
    discard(staging, folder.staging);
  }
}

async function perform(context: StepContext, step: FinishStep): Promise<string | null> {
  switch (step.kind) {
    case "video":
      return await makeVideo(context, step);
    case "sheet":
      return await makeSheet(context, step);
    case "command":
      return await runCommand(context, step);
    case "tiles":
      return await mergeTiles(context, step);
  }
}

/** One more than the highest number of a log that is there. */
function nextAttempt(logs: string): number {
  const numbers = (existsSync(logs) ? readdirSync(logs) : []).map((name) =>
    Number(/^(\d+)\.txt$/.exec(name)?.[1] ?? 0),
  );
  return Math.max(0, ...numbers) + 1;
}

/** Two steps that make the same file would undo each other at every run. */
function checkOwners(database: DatabaseSync, index: number, files: readonly OutputFile[]): void {
  for (const row of finishSteps(database)) {
    if (row.index === index) continue;
    const own = new Set((row.files ?? []).map(({ path }) => path));
    const shared = files.find(({ path }) => own.has(path));
    if (shared !== undefined) {
      throw new StepFailure(`It made ${shared.path}, which step ${row.index + 1} has made.`);
    }
  }
}

/** Moves files into their place, each whole at any moment. */
function place(from: string, to: string, files: readonly OutputFile[]): void {
  for (const { path } of files) {
    const target = join(to, path);
    makeFolder(dirname(target));
    if (statSync(target, { throwIfNoEntry: false })?.isDirectory()) {
      rmSync(target, { recursive: true });
    }
    renameSync(join(from, path), target);
  }
}

/** Removes the frames of videos with `keep-frames: false`, once every step has read them. */
function removeFrames(
  database: DatabaseSync,
  folder: RunFolder,
  steps: readonly FinishStep[],
  points: readonly FinishPoint[],
): void {
  const sources = steps.flatMap((step) =>
    step.kind === "video" && !step.keepFrames ? sourcesOf(points, step.frames) : [],
  );
  const removals: Removal[] = sources.flatMap(({ point, path, file }) =>
    file === null || file.removed ? [] : [{ point, path }],
  );
  noteRemovals(database, removals);
  for (const { point, path, file } of sources) {
    // Those that were noted before a crash too.
    if (file !== null) rmSync(join(folder.points, point.name, path), { force: true });
  }
}
