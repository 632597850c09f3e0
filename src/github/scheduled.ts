import { z } from "zod";
import { type ApiContext, answerOf, restClient } from "./rest.ts";

/**
 * - `recent`: it has succeeded within the time; `old`: not since `last`, null for never;
 * - `missing`: there is no such workflow; `unknown`: the token may not ask, or nobody answered.
 */
export type LastSuccess =
  | { readonly is: "recent" | "missing" | "unknown" }
  | { readonly is: "old"; readonly last: Date | null };

const RUNS = z.object({ workflow_runs: z.array(z.object({ updated_at: z.coerce.date() })) });

/** Whether a workflow of the repository has succeeded lately. Never fails: it is asked for a warning. */
export async function lastSuccess(
  context: ApiContext,
  token: string | null,
  workflow: string,
  milliseconds: number,
): Promise<LastSuccess> {
  const { owner, repo } = context;
  try {
    const octokit = await restClient(context, token);
    const { data, headers } = await octokit.rest.actions.listWorkflowRuns({
      ...{ owner, repo, workflow_id: workflow, status: "success", per_page: 1 },
    });
    const [run] = RUNS.parse(data).workflow_runs;
    if (run === undefined) return { is: "old", last: null };
    // By GitHub's clock, as the run's time is.
    const now = Date.parse(headers.date ?? "") || Date.now();
    const last = run.updated_at;
    return now - last.getTime() <= milliseconds ? { is: "recent" } : { is: "old", last };
  } catch (error) {
    return { is: answerOf(error).status === 404 ? "missing" : "unknown" };
  }
}
