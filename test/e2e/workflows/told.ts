/** What a test says of a workflow that ended. */

import type { WorkflowResult } from "../../lab/act.ts";
import type { GitHub } from "../../lab/github/server.ts";

/** Each job by its id and how it ended, as `run success`, in the order in which they began. */
export function jobsOf({ jobs }: WorkflowResult): string[] {
  return jobs.map(({ id, result }) => `${id} ${result}`);
}

/** All that was printed, for a test that fails. */
export function logOf({ jobs, messages }: WorkflowResult): string {
  return [messages, ...jobs.map(({ name, log }) => `== ${name}\n${log}`)].join("\n");
}

/** Orders names as a person would: 2 before 10. */
export const byNumber = new Intl.Collator("en", { numeric: true }).compare;

/** The names of the artifacts that a run left, by number. */
export function artifactsOf(github: GitHub, { run }: WorkflowResult): string[] {
  return github
    .artifacts(run)
    .filter(({ state }) => state === "finalized")
    .map(({ name }) => name)
    .toSorted(byNumber);
}

/** The outputs of a step of a job that ran once. */
export function outputsOf(
  { jobs }: WorkflowResult,
  id: string,
  step: string,
): Readonly<Record<string, string>> {
  return jobs.find((job) => job.id === id)?.outputs[step] ?? {};
}
