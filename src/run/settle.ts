import { existsSync, lstatSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Outcome } from "../engines/engine.ts";
import { discard } from "../results/discard.ts";
import { folderRefused, isFull, type RunFolder } from "../results/folder.ts";
import { type Metrics, MetricsError, readMetrics } from "../results/metrics.ts";
import {
  clearOutputs,
  type Finding,
  inspectOutputs,
  matchesOutput,
  placeOutputs,
} from "../results/outputs.ts";
import type { Status } from "../sweep/sweep.ts";
import type { AttemptEnd, Journal, Protocol } from "./journal.ts";
import { redactText } from "./redact.ts";

/** One point's share of a task that ended. */
export interface Settling {
  readonly task: string;
  readonly key: string;
  readonly name: string;
  /** As in the journal: the point's folder inside the task's output, or empty for all of it. */
  readonly folder: string;
  /** Globs that must match, rendered. */
  readonly outputs: readonly string[];
}

export interface SettleContext {
  readonly journal: Journal;
  readonly folder: RunFolder;
  /** By name; they are taken out of what is told of a point. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** How the task of one or several points ended. */
export interface TaskEnd {
  /** Its seconds are null where nobody saw it end. */
  readonly outcome: Omit<Outcome, "seconds"> & { readonly seconds: number | null };
  /** What `stopped` stands for: timed-out, idle or cancelled, and why in words. */
  readonly stopped: { readonly status: Status; readonly reason: string | null };
  /** How many points shared the task: their times are the task's, divided. */
  readonly shared: number;
  readonly protocol: Protocol;
  readonly logOffset: number | null;
}

/** What an attempt came to, before anybody decides whether the point runs again. */
export interface Judged extends AttemptEnd {
  /** Where the point's outputs are now. */
  readonly output: string;
}

/** Where a task's outputs are written. */
export function stagingOutput(folder: RunFolder, task: string): string {
  return join(folder.staging, task);
}

/**
 * Decides how the attempt of one point ended: by the outcome, the metrics and the outputs that
 * must be there. In a batch a point with its result.json is done, however the task ended; in a
 * range batch one with its outputs, but for what was written last by a task that was cut off.
 */
export async function judge(
  context: SettleContext,
  point: Settling,
  end: TaskEnd,
): Promise<Judged> {
  const output = join(stagingOutput(context.folder, point.task), point.folder);
  const { outcome } = end;
  const clean = outcome.ended === "exited" && outcome.exitCode === 0;
  const gathered =
    end.protocol === "range" ? gatherRangeOutputs(context, point, output, clean) : null;
  const inspected = await inspectOutputs(output, point.outputs);
  const measured = {
    exitCode: outcome.exitCode,
    seconds: divided(outcome.seconds, end.shared),
    cpuSeconds: divided(outcome.cpuSeconds, end.shared),
    peakMemory: outcome.peakMemory,
    logOffset: end.logOffset,
    output,
  };
  const dropped = [...(gathered?.dropped ?? []), ...inspected.dropped].map(
    ({ path, reason }) => `${path} dropped: ${reason}`,
  );
  const warnings = inspected.warnings.map(({ path, reason }) => `${path}: ${reason}`);
  const remarks = [outcome.detail, ...dropped, ...warnings];
  const secrets = Object.values(context.secrets);
  const ended = (status: Status, reason: string | null): Judged => ({
    ...measured,
    status,
    reason:
      redactText([reason, ...remarks].filter((part) => part !== null).join("; "), secrets) || null,
    metrics: null,
    files: null,
  });

  const complete = inspected.missing.length === 0;
  const done =
    end.protocol === "single"
      ? clean
      : end.protocol === "range"
        ? complete && gathered?.cut !== true
        : inspected.files.some(({ path }) => path === "result.json");
  if (!done) {
    // On a full disk every point fails, and not for a reason of its own.
    if (outcome.ended === "exited" && isFull(context.folder)) {
      throw folderRefused(context.folder, new Error("no space is left"));
    }
    return ended(...unsuccessful(outcome, end, inspected.missing));
  }
  if (!complete) {
    return ended("failed", `no output matches ${inspected.missing.join(", ")}`);
  }
  let metrics: Metrics | null;
  try {
    metrics = end.protocol === "range" ? null : await readMetrics(output);
  } catch (error) {
    if (error instanceof MetricsError) return ended("failed", error.message);
    throw error;
  }
  return {
    ...ended("succeeded", null),
    exitCode: 0,
    metrics: metrics === null ? null : withoutSecrets(metrics, secrets),
    files: inspected.files,
  };
}

/** Metrics reach tables, reports and summaries, where logs do not. */
function withoutSecrets(metrics: Metrics, secrets: readonly string[]): Metrics {
  if (secrets.length === 0) return metrics;
  const entries = Object.entries(metrics).map(([name, value]) => [
    redactText(name, secrets),
    typeof value === "string" ? redactText(value, secrets) : value,
  ]);
  return Object.fromEntries(entries);
}

function divided(total: number | null, by: number): number | null {
  return total === null ? null : total / by;
}

function unsuccessful(
  outcome: TaskEnd["outcome"],
  end: TaskEnd,
  missing: readonly string[],
): [Status, string | null] {
  switch (outcome.ended) {
    case "oom":
      return ["oom", "killed for using more memory than its limit"];
    case "stopped":
      return [end.stopped.status, end.stopped.reason];
    case "exited":
      if (outcome.exitCode !== 0) return ["failed", `exit code ${outcome.exitCode}`];
      return [
        "failed",
        end.protocol === "batch"
          ? "the batch ended without its result.json"
          : missing.length === 0
            ? "its outputs are not whole"
            : `no output matches ${missing.join(", ")}`,
      ];
  }
}

/**
 * In a range batch the files of all points lie together: the globs say whose they are. Returns
 * what was dropped, and whether the point's files may be cut off: where the task did not end
 * cleanly and one of them was written last of all.
 */
function gatherRangeOutputs(
  context: SettleContext,
  point: Settling,
  output: string,
  clean: boolean,
): { readonly dropped: readonly Finding[]; readonly cut: boolean } {
  const shared = stagingOutput(context.folder, point.task);
  // Before anything is moved: a link among the outputs could lead the moves anywhere, and the
  // targets lie in the same folder.
  const { paths, dropped } = clearOutputs(shared);
  mkdirSync(output, { recursive: true });
  const mine = paths.filter((path) => point.outputs.some((glob) => matchesOutput(path, glob)));
  const written = (among: readonly string[]) =>
    among.reduce((latest, path) => Math.max(latest, lstatSync(join(shared, path)).mtimeMs), 0);
  const cut = !clean && mine.length > 0 && written(mine) === written(paths);
  for (const path of mine) {
    const target = join(output, path);
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(shared, path), target);
  }
  return { dropped, cut };
}

/** Puts a success into place: committed, moved, committed; a crash in between is finished later. */
export function settleSuccess(context: SettleContext, point: Settling, judged: Judged): void {
  const { journal, folder } = context;
  journal.placing(point.task, point.key, judged);
  finishPlacing(context, point, judged.output);
  const failed = join(folder.failed, point.name);
  if (existsSync(failed)) discard(failed, folder.staging);
}

/** The second half of a success, also after a crash. */
export function finishPlacing(context: SettleContext, point: Settling, output: string): void {
  placeOutputs(output, join(context.folder.points, point.name));
  context.journal.placed(point.task, point.key);
}

/** Writes an attempt that did not succeed; its outputs are kept as the point's last failure. */
export function settleFailure(
  context: SettleContext,
  point: Settling,
  judged: Judged,
  next: Status,
): void {
  const { journal, folder } = context;
  if (judged.status !== "cancelled" && judged.status !== "lost") {
    mkdirSync(folder.failed, { recursive: true });
    placeOutputs(judged.output, join(folder.failed, point.name));
    // Of an earlier success that was to run again, or had lost files.
    const before = join(folder.points, point.name);
    if (existsSync(before)) discard(before, folder.staging);
  }
  journal.ended(point.task, point.key, judged, next);
}
