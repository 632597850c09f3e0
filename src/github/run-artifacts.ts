import { z } from "zod";
import { ReportedError } from "../sweep/errors.ts";
import type { WorkflowContext } from "./context.ts";
import { restClient, restError } from "./rest.ts";

export interface StoredArtifact {
  readonly id: number;
  readonly name: string;
  /** Bytes of the zip. */
  readonly size: number;
  /** `sha256:` and hex digits, of the zip; null for what an old client uploaded. */
  readonly digest: string | null;
  readonly createdAt: Date | null;
}

const LISTED = z.object({
  id: z.number(),
  name: z.string(),
  size_in_bytes: z.number(),
  expired: z.boolean(),
  created_at: z.string().nullable(),
  digest: z.string().nullish(),
});

/**
 * Every artifact of a run of this repository that has not expired, the newest last.
 *
 * @throws ReportedError (2) without a token, (3) where that is refused or all have expired.
 */
export async function listRun(
  context: WorkflowContext,
  token: string | null,
  run: number,
): Promise<StoredArtifact[]> {
  const { owner, repo } = context;
  const octokit = await restClient(context, token);
  let pages: unknown[];
  try {
    pages = await octokit.paginate(octokit.rest.actions.listWorkflowRunArtifacts, {
      owner,
      repo,
      run_id: run,
      per_page: 100,
    });
  } catch (cause) {
    throw restError(cause, context, {
      what: `list the artifacts of run ${run}`,
      permission: "actions: read",
      notFound: "The run's number is the last part of its address in the browser.",
    });
  }
  const listed = z.array(LISTED).parse(pages);
  const kept = listed.filter(({ expired }) => !expired);
  if (listed.length > 0 && kept.length === 0) {
    throw new ReportedError(
      3,
      `All ${listed.length} artifacts of run ${run} of ${context.repository} have expired.\n` +
        "Run the sweep anew, and set retention-days higher to keep them longer.",
    );
  }
  return kept
    .map(({ id, name, size_in_bytes, created_at, digest }) => ({
      id,
      name,
      size: size_in_bytes,
      digest: digest ?? null,
      createdAt: created_at === null ? null : new Date(created_at),
    }))
    .toSorted(byAge);
}

/** Orders artifacts, the newest last. */
export function byAge(a: StoredArtifact, b: StoredArtifact): number {
  return (a.createdAt?.getTime() ?? 0) - (b.createdAt?.getTime() ?? 0) || a.id - b.id;
}
