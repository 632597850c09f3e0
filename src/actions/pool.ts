import { createHash } from "node:crypto";
import type { WorkflowContext } from "../github/context.ts";
import { ReportedError } from "../sweep/errors.ts";

/** What the machines of a workflow run are known by, in every job of it and on every computer. */
export interface Pool {
  /** The runners' label and the lease's: of this attempt alone. */
  readonly label: string;
  /** In the machines' tags: of all attempts of the run. */
  readonly run: string;
  /** Whether a runner's label is one of this pool's, of whichever attempt. */
  isLabel(label: string): boolean;
}

/** Together with run numbers of 15 digits it stays within the 40 characters of a lease's name. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,10}[a-z0-9])?$/;

/**
 * The names of a workflow run's machines.
 *
 * @param name tells several pools of one run apart; null for the only one.
 * @throws ReportedError (2) for a name that tags and labels cannot hold.
 */
export function poolOf(context: WorkflowContext, name: string | null): Pool {
  if (name !== null && !NAME.test(name)) {
    throw new ReportedError(
      2,
      `The input "name" is ${JSON.stringify(name.slice(0, 100))}: write up to 12 of a-z, 0-9 and -, with - ` +
        "neither first nor last.",
    );
  }
  const { runId, runAttempt, serverUrl, repository } = context;
  // Numbers of runs are unique on one server alone.
  const where = `${serverUrl}/${repository}`.toLowerCase();
  const hash = createHash("sha256").update(where).digest("hex").slice(0, 6);
  const end = name === null ? "" : `-${name}`;
  const labels = new RegExp(`^sim-${runId}-\\d+${end}$`);
  return {
    label: `sim-${runId}-${runAttempt}${end}`,
    run: `gh-${runId}-${hash}${end}`,
    isLabel: (label) => labels.test(label),
  };
}
