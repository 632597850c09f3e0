import { setFailed, setOutput } from "@actions/core";
import { finishLine } from "../cli/progress.ts";
import { summaryText } from "../cli/summary.ts";
import { annotateFailures, type MissingPoints } from "../github/annotations.ts";
import type { UploadedArtifact } from "../github/artifacts.ts";
import type { WorkflowContext } from "../github/context.ts";
import type { RunSummary } from "../index.ts";
import { writeJobSummary } from "../report/job-summary.ts";
import { type SummaryFacts, summaryData } from "../report/job-summary-data.ts";
import { tally } from "../results/rows.ts";
import { printUntrusted } from "./run-log.ts";

/**
 * Tells how a run ended: in the step's log, as annotations, as outputs, and by failing the step
 * where a point or a finish step did not succeed.
 */
export function reportOutcome(summary: RunSummary, missing: readonly MissingPoints[] = []): void {
  const { counts, failures } = summary;
  const { points, failed, unfinished } = tally(counts);
  setOutput("points", points);
  setOutput("succeeded", counts.succeeded);
  setOutput("failed", failed);
  printUntrusted(summaryText(summary, "re-run the failed jobs, which run what is missing"));
  for (const step of summary.finish) {
    if (step.status !== "succeeded")
      setFailed(`Finish step ${step.index + 1}, ${finishLine(step)}`);
  }
  if (summary.unreleased !== undefined) setFailed(summary.unreleased);
  if (counts.succeeded === points) return;
  annotateFailures(failures, missing, failed);
  const parts = [
    failed > 0 ? `${failed} failed` : null,
    unfinished > 0 ? `${unfinished} did not end` : null,
  ].filter((part) => part !== null);
  setFailed(
    `${points - counts.succeeded} of ${points} points did not succeed: ${parts.join(", ")}.`,
  );
}

/** Writes the job's summary of a run whose folder is the artifact's content. */
export function summarise(
  context: WorkflowContext,
  summary: RunSummary,
  artifact: UploadedArtifact,
  facts: Pick<SummaryFacts, "sweep" | "missing">,
): void {
  if (context.summaryFile === null) return;
  const { repository, runId } = context;
  const { folder, seconds } = summary;
  const { name, url } = artifact;
  const data = summaryData(folder, {
    ...facts,
    seconds,
    artifact: { name, url },
    workflow: { repository, runId },
  });
  writeJobSummary(context.summaryFile, data);
}
