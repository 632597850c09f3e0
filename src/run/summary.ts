import type { Failure, Remarks } from "../results/failures.ts";
import type { FinishRow } from "../results/finish.ts";
import type { RunCost } from "../results/machines.ts";
import type { Status } from "../sweep/sweep.ts";

/** How a run ended. */
export interface RunSummary {
  /** The run's id. */
  readonly run: string;
  /** Absolute path of the run folder. */
  readonly folder: string;
  readonly engine: string;
  /** Points of the current plan by status; every status is there. */
  readonly counts: Readonly<Record<Status, number>>;
  /** Of the succeeded ones, those that an earlier execution ran. */
  readonly cached: number;
  /** Wall-clock seconds of this execution. */
  readonly seconds: number;
  /** The first points that did not succeed (at most 20), with the last lines of their logs. */
  readonly failures: readonly Failure[];
  /** What is odd about points that succeeded: the first 5. */
  readonly remarks: Remarks;
  /** Absolute paths of what was exported. */
  readonly exports: readonly string[];
  /** How the sweep's finish steps ended, in their order. */
  readonly finish: readonly FinishRow[];
  /** Absolute path of report.html, as the run stands; null where there is none. */
  readonly report: string | null;
  /** What the machines rented for it cost, over all executions; null where none were. */
  readonly cost: RunCost | null;
  /** There where rented machines could not be given back: which, and what to do. */
  readonly unreleased?: string;
  /** What ended the run early, or null. */
  readonly interrupted: "SIGINT" | "SIGTERM" | "aborted" | null;
  /** Null, or why nothing more was started: the sweep's on-failure rule. */
  readonly stopped: string | null;
}

/** What ended a run early, by the signal that did. */
export function interruptionBy({ aborted, reason }: AbortSignal): RunSummary["interrupted"] {
  if (!aborted) return null;
  return reason === "SIGINT" || reason === "SIGTERM" ? reason : "aborted";
}
