import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ArtifactStore } from "../github/artifacts.ts";
import type { WorkflowContext } from "../github/context.ts";
import { downloadFile } from "../github/download-file.ts";
import { type OpenPlan, openPlan } from "../index.ts";
import { ReportedError } from "../sweep/errors.ts";
import { wholeNumber } from "./inputs.ts";
import { PLAN_TAR } from "./shard-artifacts.ts";

const FROM_PLAN =
  "Give it the plan action's output of the same run, passed on by the outputs of its job: " +
  `\${{ needs.plan.outputs.plan }}`;

/** The input `plan`: the number of the plan's artifact. Throws ReportedError (2). */
export function planInput(): number {
  try {
    return wholeNumber("plan", { least: 1 });
  } catch (cause) {
    if (!(cause instanceof ReportedError)) throw cause;
    throw new ReportedError(2, `${cause.message}\n${FROM_PLAN}`, { cause });
  }
}

/**
 * Downloads the plan that the plan action uploaded, and opens it.
 *
 * @param id the artifact's id, the plan action's output.
 * @param scratch an empty folder, which the plan's files stay in.
 * @throws ReportedError (2) where it is no plan of this run and commit, (3) where GitHub refuses.
 */
export async function downloadPlan(
  store: ArtifactStore,
  id: number,
  context: WorkflowContext,
  scratch: string,
  use: "run" | "collect",
): Promise<{ plan: OpenPlan; tar: string }> {
  const artifact = (await store.list()).find((one) => one.id === id);
  if (artifact === undefined) {
    throw new ReportedError(
      2,
      `The input "plan" is "${id}": this run has no artifact of that id.\n${FROM_PLAN}`,
    );
  }
  const tar = await downloadFile(store, artifact, PLAN_TAR, join(scratch, "plan-artifact"));
  return { plan: await openPlanTar(tar, context, scratch, use), tar };
}

/** Opens a plan that was downloaded before. Throws as `downloadPlan`. */
export async function openPlanTar(
  tar: string,
  context: WorkflowContext,
  scratch: string,
  use: "run" | "collect",
): Promise<OpenPlan> {
  const files = join(scratch, "plan");
  await mkdir(files);
  const root = context.workspace;
  return await openPlan(tar, files, { root, commit: await headOf(root) }, use);
}

/** The commit that is checked out in a folder; null where none is, or there is no git. */
export async function headOf(cwd: string): Promise<string | null> {
  const { getExecOutput } = await import("@actions/exec");
  const options = { cwd, silent: true, ignoreReturnCode: true };
  try {
    const { exitCode, stdout } = await getExecOutput("git", ["rev-parse", "HEAD"], options);
    return exitCode === 0 ? stdout.trim() : null;
  } catch {
    return null; // A runner may lack git: checkouts then come as archives.
  }
}
