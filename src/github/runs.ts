import { z } from "zod";
import { ReportedError } from "../sweep/errors.ts";
import type { ApiContext } from "./rest.ts";
import { restClient, restError } from "./rest.ts";

/** A run of this repository whose results may be used: its own code made them. */
export interface TrustedRun {
  readonly id: number;
  /** Of the newest attempt. */
  readonly attempt: number;
  readonly event: string;
  /** Null for a tag or where it was deleted. */
  readonly branch: string | null;
  readonly sha: string;
  readonly url: string;
}

const REPOSITORY = z.object({ full_name: z.string() });
const RUN = z.object({
  id: z.number(),
  run_attempt: z.number().default(1),
  event: z.string(),
  head_branch: z.string().nullable(),
  head_sha: z.string(),
  html_url: z.string(),
  repository: REPOSITORY,
  // Null for a fork that was deleted.
  head_repository: REPOSITORY.nullish(),
});

/**
 * Looks up a run and refuses one whose artifacts a stranger may have made: of another repository,
 * of a fork, or of an event that runs a stranger's code.
 *
 * @throws ReportedError (2) for such a run and without a token, (3) where it is not there or may
 *   not be read.
 */
export async function trustedRun(
  context: ApiContext,
  token: string | null,
  run: number,
): Promise<TrustedRun> {
  const { owner, repo, repository } = context;
  const octokit = await restClient(context, token);
  let data: unknown;
  try {
    ({ data } = await octokit.rest.actions.getWorkflowRun({ owner, repo, run_id: run }));
  } catch (cause) {
    throw restError(cause, context, {
      what: `read run ${run}`,
      permission: "actions: read",
      notFound: "The run's number is the last part of its address in the browser.",
    });
  }
  const found = RUN.parse(data);
  const refused = distrust(found, repository);
  if (refused !== null) {
    throw new ReportedError(
      2,
      `The results of run ${run} are not used: ${refused}.\n` +
        `Name a run of a branch of ${repository} itself, or run the sweep anew.`,
    );
  }
  return {
    id: found.id,
    attempt: found.run_attempt,
    event: found.event,
    branch: found.head_branch,
    sha: found.head_sha,
    url: found.html_url,
  };
}

/** They run on the default branch, and may check out or unpack what a fork's pull request made. */
const FOREIGN_EVENTS = new Set(["pull_request_target", "issue_comment", "workflow_run"]);

function distrust(run: z.infer<typeof RUN>, repository: string): string | null {
  if (!isSame(run.repository.full_name, repository)) {
    // GitHub redirects from the name of a repository that was moved.
    return `it is a run of ${run.repository.full_name}`;
  }
  const head = run.head_repository?.full_name;
  if (head === undefined) return "the repository that its code came from is gone";
  if (!isSame(head, repository)) return `its code came from ${head}`;
  if (FOREIGN_EVENTS.has(run.event)) {
    return `its event, ${run.event}, may have run a stranger's code`;
  }
  return null;
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
