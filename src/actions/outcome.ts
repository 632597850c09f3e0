import { setFailed, setOutput } from "@actions/core";
import { summaryText } from "../cli/summary.ts";
import { annotateFailures, type MissingPoints } from "../github/annotations.ts";
import type { RunSummary } from "../index.ts";
import { printUntrusted } from "./run-log.ts";

/**
 * Tells how a run ended: in the step's log, as annotations, as outputs, and by failing the step
 * where a point did not succeed.
 */
export function reportOutcome(summary: RunSummary, missing: readonly MissingPoints[] = []): void {
  const { counts, failures } = summary;
  const points = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const unfinished = counts.pending + counts.running + counts.cancelled;
  const failed = points - counts.succeeded - unfinished;
  setOutput("points", points);
  setOutput("succeeded", counts.succeeded);
  setOutput("failed", failed);
  printUntrusted(summaryText(summary));
  if (counts.succeeded === points) return;
  annotateFailures(failures, missing);
  const parts = [
    failed > 0 ? `${failed} failed` : null,
    unfinished > 0 ? `${unfinished} did not end` : null,
  ].filter((part) => part !== null);
  setFailed(
    `${points - counts.succeeded} of ${points} points did not succeed: ${parts.join(", ")}.`,
  );
}
