import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Engine } from "./engines/engine.ts";
import { type EngineChoice, engineNamed, selectEngine } from "./engines/select.ts";
import { type Keyer, keyer } from "./plan/key.ts";
import { makePlan, type Plan } from "./plan/plan.ts";
import { shardPlan } from "./plan/shards.ts";
import { openDatabase } from "./results/database.ts";
import { dropReport, runFolder } from "./results/folder.ts";
import { machinesOf, runCost } from "./results/machines.ts";
import { type Collected, type CollectOptions, collectPoints } from "./run/collect/collect.ts";
import type { RunEvent } from "./run/events.ts";
import { execute, executeNothing } from "./run/execute.ts";
import { type Explanation, explain } from "./run/explain.ts";
import { resolveInputs } from "./run/inputs.ts";
import { type Job, planJobs, type Texts, textsOf } from "./run/jobs.ts";
import type { MachineContext, MachineOptions, RentedMachine } from "./run/machines.ts";
import type { ResumeMode } from "./run/reconcile.ts";
import { bringToRest } from "./run/rest.ts";
import type { OpenPlan } from "./run/shards/open.ts";
import { interruptionBy, type RunSummary } from "./run/summary.ts";
import { ReportedError } from "./sweep/errors.ts";
import { loadSweep, secretsFrom } from "./sweep/load.ts";
import type { Sweep } from "./sweep/sweep.ts";

export type { EngineChoice } from "./engines/select.ts";
export type { Point } from "./plan/point.ts";
export type { PlanFile, ShardFile } from "./plan/shards.ts";
export type { FinishRow } from "./results/finish.ts";
export type { Collected } from "./run/collect/collect.ts";
export type { MissingPoints, WhyMissing } from "./run/collect/missing.ts";
export type { MachineOptions } from "./run/machines.ts";
export { type OpenPlan, openPlan } from "./run/shards/open.ts";
export { type PackOptions, packShard } from "./run/shards/pack.ts";
export { type ShardedPlan, type ShardPlanOptions, shardSweep } from "./run/shards/plan.ts";
export { readShardFile, unpackShard } from "./run/shards/unpack.ts";
export { type Diagnostic, ReportedError, SweepError } from "./sweep/errors.ts";
export { sweepFromObject } from "./sweep/load.ts";
export type { Parameters, Status, Sweep, Value } from "./sweep/sweep.ts";
export type { Explanation, Job, Keyer, Plan, ResumeMode, RunEvent, RunSummary };

export interface PlanOptions {
  /** Path of the sweep file, or a sweep made by `sweepFromObject`. */
  readonly sweep: string | Sweep;
  /** `name=values`, as the flag `--param` takes them; only for a sweep file. */
  readonly params?: readonly string[];
  /** `key=value`, as the flag `--set` takes them; only for a sweep file. */
  readonly set?: readonly string[];
  /** Inputs and templates may lie outside the sweep's repository. */
  readonly allowOutside?: boolean;
  /** More than a million points are meant. */
  readonly yes?: boolean;
}

export interface EngineOptions {
  readonly engine?: EngineChoice;
  /** Default: process.env. Secrets and the engines' settings are read from it. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

export interface RunOptions extends PlanOptions, EngineOptions {
  /** The run folder; default `runs/<sweep name>` in the working directory. */
  readonly out?: string;
  readonly workers?: number | "auto";
  readonly resume?: ResumeMode;
  /** Reads the outputs of finished points and compares their sha256, instead of their sizes. */
  readonly verify?: boolean;
  /** Other run folders, whose results count where their content keys are the same. */
  readonly reuse?: readonly string[];
  /** Builds the sweep's image first; default: where the sweep has `build` and no `image`. */
  readonly build?: boolean;
  readonly parquet?: boolean;
  /** Rents a machine for the points, in the place of `engine`, and gives it back. */
  readonly machines?: MachineOptions;
  /** Aborts at once, where `signal` ends running simulations gently. */
  readonly kill?: AbortSignal;
  /** Called with everything that happens, after it is committed. */
  readonly onEvent?: (event: RunEvent) => void;
}

export interface JobsOptions extends Omit<RunOptions, keyof PlanOptions> {
  readonly jobs: readonly Job[];
  /** What a sweep file says beside points and command: name, image or process, timeout, ... */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Against which the settings' relative paths resolve; default: the working directory. */
  readonly folder?: string;
}

/**
 * Reads and checks a sweep and makes its plan: nothing is started or written.
 *
 * @throws SweepError or ReportedError with exit code 2.
 */
export function planSweep(options: PlanOptions): Plan {
  const sweep =
    typeof options.sweep === "string"
      ? loadSweep(options.sweep, {
          params: options.params ?? [],
          set: options.set ?? [],
          allowOutside: options.allowOutside ?? false,
        })
      : options.sweep;
  return makePlan(sweep, { confirmed: options.yes ?? false });
}

/**
 * Runs a sweep, or what is missing of it, and resolves when every point has ended.
 *
 * @throws SweepError or ReportedError, whose `exitCode` is 2 where nothing was started because
 *   something is written wrong, 3 where the engine, the registry or the run folder refused.
 */
export async function runSweep(options: RunOptions): Promise<RunSummary> {
  const plan = planSweep(options);
  const summary = await runPlan(plan, textsOf(plan.sweep), options);
  return await withReport(withCost(summary, options), options);
}

/**
 * Runs a list of jobs that a program made, each a point with a command of its own, as `runSweep`
 * runs the points of a sweep: with workers, retries, resume and exports.
 *
 * @throws as `runSweep`.
 */
export async function runJobs(options: JobsOptions): Promise<RunSummary> {
  const { plan, texts } = planJobs(options.jobs, options.settings, resolve(options.folder ?? "."));
  const summary = await runPlan(plan, texts, options);
  return await withReport(withCost(summary, options), options);
}

/**
 * Writes the report of a run that went to its end, unless there is one and nothing has changed.
 * Where that is refused the results are whole without it, so it is a warning; an interrupted run is
 * to end soon, and has none.
 */
async function withReport<Summary extends RunSummary>(
  summary: Summary,
  { onEvent: emit = () => {} }: Pick<RunOptions, "onEvent">,
): Promise<Summary> {
  const { report, finish, cost } = summary;
  // Machines cost something whether they ran anything or not.
  const isCurrent = report !== null && cost === null && finish.every(({ cached }) => cached);
  if (isCurrent) return summary;
  const folder = runFolder(summary.folder);
  dropReport(folder);
  const without = { ...summary, report: null };
  if (summary.interrupted !== null) return without;
  const { writeReport } = await import("./report/report.ts");
  try {
    const written = await writeReport(summary.folder);
    // A reader leaves the files of the write-ahead log beside run.db; a writer takes them away.
    openDatabase(folder).close();
    return { ...summary, report: written };
  } catch (error) {
    if (!(error instanceof ReportedError)) throw error;
    emit({ type: "warning", message: `There is no report of this run. ${error.message}` });
    return without;
  }
}

export interface ShardRunOptions extends Omit<RunOptions, keyof PlanOptions> {
  readonly plan: OpenPlan;
  /** From 0. */
  readonly shard: number;
  readonly out: string;
}

/**
 * Runs one shard of a plan as `runSweep` runs a whole sweep; indices, names and keys are those of
 * the whole plan. Finish steps are not run: they need all points.
 *
 * @throws as `runSweep`; ReportedError (2) for a shard that the plan does not have.
 */
export async function runShard(options: ShardRunOptions): Promise<RunSummary> {
  const { file, plan } = options.plan;
  const own = shardPlan(plan, file, options.shard);
  const out = resolve(options.out);
  if (own.count === 0) {
    return await executeNothing(own, { out, parquet: options.parquet ?? false });
  }
  const sweep: Sweep = { ...plan.sweep, finish: [] };
  return await runPlan({ ...own, sweep }, textsOf(sweep), { ...options, out });
}

/**
 * With it comes the Docker client, which a plan can do without. In a function of its own: inside of
 * one with `await using`, TypeScript 6 leaves the `.ts` of an import that it compiles.
 */
async function loadBuilder() {
  const { buildImage } = await import("./images/build.ts");
  const { imageReference } = await import("./engines/docker/image.ts");
  return { buildImage, imageReference };
}

/** Pictures and videos are nothing that a plan or a shard works with. */
async function loadFinish() {
  const { runFinish } = await import("./finish/finish.ts");
  const { checkFinish } = await import("./finish/tools.ts");
  return { runFinish, checkFinish };
}

async function runPlan(
  plan: Plan,
  texts: Texts,
  options: Omit<RunOptions, keyof PlanOptions>,
): Promise<RunSummary> {
  const { onEvent: emit = () => {} } = options;
  const problems: string[] = [];
  const summary = await runHolding(plan, texts, options, (message) => {
    emit({ type: "warning", message });
    problems.push(message);
  });
  return problems.length === 0 ? summary : { ...summary, unreleased: problems.join("\n") };
}

/** Runs a plan, and gives back at its end what it needed for that. */
async function runHolding(
  plan: Plan,
  texts: Texts,
  options: Omit<RunOptions, keyof PlanOptions>,
  onUnreleased: (problem: string) => void,
): Promise<RunSummary> {
  const { workers = plan.sweep.workers } = options;
  if (workers !== "auto" && !(Number.isSafeInteger(workers) && workers > 0)) {
    throw new ReportedError(2, `workers: ${workers} is neither "auto" nor a whole number from 1.`);
  }
  const sweep: Sweep = { ...plan.sweep, workers };
  const env = options.env ?? process.env;
  const secrets = secretsFrom(sweep, env);
  const never = new AbortController().signal;
  const { signal: asked = never, kill = never, machines } = options;
  const limit = new AbortController();
  const signal = AbortSignal.any([asked, limit.signal]);
  const emit = options.onEvent ?? (() => {});
  for (const message of sweep.warnings) emit({ type: "warning", message });

  const out = resolve(options.out ?? join("runs", sweep.name));
  const whole: Plan = { ...plan, sweep };
  if (machines !== undefined && machines.provider !== "hosts") checkImage(sweep, options.build);
  await using held = new AsyncDisposableStack();
  const rented =
    machines === undefined
      ? null
      : held.use(
          await rent(
            whole,
            machines,
            { out, env, signal, emit, onUnreleased, again: options.resume === "off" },
            { limit, engine: options.engine },
          ),
        );
  const engine =
    rented?.engine ?? held.use(await selectEngine(options.engine ?? "auto", sweep, env));
  // An image without a name of its own cannot come from anywhere else.
  const build = options.build ?? (sweep.image === null && sweep.build !== null);
  if (build && engine.name !== "process") {
    const { buildImage, imageReference } = await loadBuilder();
    const { folder, platform } = sweep;
    if (sweep.build === null) {
      throw new ReportedError(
        2,
        `${sweep.file ?? sweep.name} does not say what to build.\n` +
          'Add "build: ." for a Dockerfile beside the sweep file, or run without --build.',
      );
    }
    const context = resolve(folder, sweep.build.context);
    const tag = imageReference(sweep);
    const onLine = (line: string) => emit({ type: "building", line });
    const there = rented === null ? env : { ...env, ...(await rented.engine.env()) };
    await buildImage({ context, tag, platform, env: there }, onLine, signal);
  }
  if (engine.name === "process" && out === resolve(sweep.folder)) {
    // What lies in a run folder is not looked at for changes of the program.
    throw new ReportedError(
      2,
      `${out} is the sweep's own folder, with the program that runs.\n` +
        "Choose another run folder with --out, as --out runs/NAME.",
    );
  }
  const verify = options.verify ?? false;
  const { checkFinish, runFinish } = await loadFinish();
  await using tools = await checkFinish(whole, { env, signal, engine: async () => engine });
  const summary = await execute(whole, engine, {
    out,
    texts,
    mode: options.resume ?? "auto",
    verify,
    reuse: (options.reuse ?? []).map((folder) => resolve(folder)),
    parquet: options.parquet ?? false,
    secrets,
    env,
    signal,
    kill,
    emit: (event) => {
      // Only now it is known how much there is to run, and still nothing is rented for it.
      if (event.type === "planned") rented?.planned(event.todo);
      emit(event);
    },
  });
  const again = options.resume === "off";
  const ends = { signal, kill, emit };
  const finish = await runFinish(whole, tools, { folder: out, again, verify, ...ends });
  // What money or time have ended is not interrupted by anybody.
  const interrupted = interruptionBy(AbortSignal.any([asked, kill]));
  const stopped = limit.signal.aborted ? limitOf(limit.signal) : summary.stopped;
  return { ...summary, finish, interrupted, stopped };
}

/**
 * An image that is built on a machine is another one on the next machine, and with it every point.
 *
 * @throws ReportedError (2) where that is not what was asked for.
 */
function checkImage(sweep: Sweep, build: boolean | undefined): void {
  if (sweep.image !== null || sweep.build === null || build === true) return;
  throw new ReportedError(
    2,
    `${sweep.file ?? sweep.name} names no image that a rented machine could pull.\n` +
      "Push it (`sim-pipeline build`) and name it with `image:`. With --build it is built on the " +
      "machine instead, anew on each, and what ran with the one before runs again.",
  );
}

/** Machines and what they cost are nothing that a run at home works with. */
async function rent(
  plan: Plan,
  machines: MachineOptions,
  context: Omit<MachineContext, "engineOn" | "onLimit">,
  { limit, engine }: { readonly limit: AbortController; readonly engine: EngineChoice | undefined },
): Promise<RentedMachine> {
  if (engine === "process") {
    throw new ReportedError(
      2,
      "--engine process runs on this computer, not on a machine: leave it out.",
    );
  }
  const { rentFor } = await import("./run/machines.ts");
  return await rentFor(plan, machines, {
    ...context,
    engineOn: async (env) => await selectEngine("docker", plan.sweep, env),
    onLimit: (reason) => {
      context.emit({ type: "stopping", reason });
      // What waits for a machine, or for an image on it, fails with this.
      limit.abort(new ReportedError(3, `Nothing was run any more: ${reason}.`, { cause: reason }));
    },
  });
}

/** Why money or time have ended the run. */
function limitOf({ reason }: AbortSignal): string {
  return String(reason instanceof Error ? reason.cause : reason);
}

/** The summary with what machines have cost by the time at which they were given back. */
function withCost(summary: RunSummary, { machines }: Pick<RunOptions, "machines">): RunSummary {
  if (machines === undefined) return summary;
  using database = openDatabase(runFolder(summary.folder));
  return { ...summary, cost: runCost(machinesOf(database), Date.now()) };
}

export interface CollectShardsOptions extends CollectOptions, EngineOptions {
  /**
   * Asked while some of the tars are ignored: all tars to collect instead, or null where there are no
   * others. Only then do the finish steps begin.
   */
  readonly instead?: (ignored: Collected["ignored"]) => Promise<readonly string[] | null>;
  /** Aborts at once, where `signal` ends a finish step gently. */
  readonly kill?: AbortSignal;
}

/**
 * Puts the shards of a plan together into one run folder, as if one machine had run all of it, and
 * runs its finish steps there. `engine` is for commands without an image of their own.
 *
 * @throws as `collectPoints`, and ReportedError (3) before anything is written where a finish step's
 *   program or image is not there.
 */
export async function collectShards(options: CollectShardsOptions): Promise<Collected> {
  const { plan } = options.plan;
  const env = options.env ?? process.env;
  const never = new AbortController().signal;
  const { signal = never, kill = never, onEvent: emit = () => {} } = options;
  await using held = new AsyncDisposableStack();
  const engine = async () =>
    held.use(await selectEngine(options.engine ?? "auto", plan.sweep, env));
  const { checkFinish, runFinish } = await loadFinish();
  const tools = held.use(await checkFinish(plan, { env, signal, engine }));
  const collected = await collectUsable(options);
  const folder = resolve(options.out);
  const rest = { again: false, verify: false, signal, kill, emit };
  const finish = await runFinish(plan, tools, { folder, ...rest });
  return await withReport({ ...collected, finish }, options);
}

/** Collects, and again for as long as there are other tars in the place of those that are no good. */
async function collectUsable({ instead, ...options }: CollectShardsOptions): Promise<Collected> {
  for (let { shards } = options; ; ) {
    const collected = await collectPoints({ ...options, shards });
    const others = collected.ignored.length === 0 ? null : await instead?.(collected.ignored);
    if (others == null) return collected;
    shards = others;
    rmSync(collected.folder, { recursive: true });
  }
}

/**
 * Makes the content keys of a plan's points, for which the engine tells the image's identity.
 *
 * @throws ReportedError (3) where the engine or the image is not there.
 */
export async function planKeys(plan: Plan, options: EngineOptions = {}): Promise<Keyer> {
  const env = options.env ?? process.env;
  const signal = options.signal ?? new AbortController().signal;
  await using engine: Engine = await selectEngine(options.engine ?? "auto", plan.sweep, env);
  const { identity } = await engine.prepare(plan.sweep, signal);
  const cacheFolder = mkdtempSync(join(tmpdir(), "sim-pipeline-"));
  try {
    const inputs = await resolveInputs(plan.sweep, { cacheFolder, env, signal });
    return keyer(plan.sweep, { identity, inputs });
  } finally {
    rmSync(cacheFolder, { recursive: true, force: true });
  }
}

/**
 * Ends what a killed run left running, keeps what had finished and exports it, without running
 * anything more. Returns false where the folder holds no run that had begun.
 *
 * @throws ReportedError (3) where a run still holds the folder, or engine or disk refuse.
 */
export async function settleRun(
  folder: string,
  options: { readonly env?: NodeJS.ProcessEnv; readonly secrets?: readonly string[] } = {},
): Promise<boolean> {
  const env = options.env ?? process.env;
  const secrets = (options.secrets ?? []).flatMap((name) => {
    const value = env[name];
    return value === undefined || value === "" ? [] : [[name, value]];
  });
  return await bringToRest(resolve(folder), {
    engine: (name) => engineNamed(name, env),
    secrets: Object.fromEntries(secrets),
  });
}

/** For each point that would run again in the run folder `out`: why. */
export function explainPlan(plan: Plan, keys: Keyer, out: string): IterableIterator<Explanation> {
  return explain(plan, keys, resolve(out));
}
