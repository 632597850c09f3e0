import { createReadStream, existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ArchiveLimitError, extractTar } from "../../engines/archive.ts";
import { makePlan, type Plan } from "../../plan/plan.ts";
import { PLAN_FILE, type PlanFile, planDigest } from "../../plan/shards.ts";
import { ReportedError } from "../../sweep/errors.ts";
import { loadSweep } from "../../sweep/load.ts";
import { hashOf } from "./files.ts";

/** A plan as its jobs have it. */
export interface OpenPlan {
  readonly file: PlanFile;
  readonly digest: string;
  /** Of all points. */
  readonly plan: Plan;
}

/** The carried files, plan.json, and what tar itself takes. */
const LIMITS = { entries: 200_000, bytes: 64 * 1024 * 1024 };

/**
 * Opens a plan that `shardSweep` wrote, perhaps on another machine, and makes the same plan again:
 * out of the files that it carries, unpacked into the empty folder `scratch`, or out of the checkout
 * in `workspace` where it needs one: to `run` it more often than to `collect` what has run.
 *
 * @throws ReportedError (2) for what is no plan, or cannot become the same plan here.
 */
export async function openPlan(
  planTar: string,
  scratch: string,
  workspace: { readonly root: string; readonly commit: string | null },
  use: "run" | "collect" = "run",
): Promise<OpenPlan> {
  const file = await unpackPlan(planTar, scratch);
  const checkout = use === "run" ? file.checkout : file.files.some(({ carried }) => !carried);
  const root = checkout ? resolve(workspace.root) : join(resolve(scratch), "files");
  if (checkout) checkCommit(file, workspace);
  await checkFiles(file, root, checkout);
  const { name, path, params, set } = file.sweep;
  const sweep = loadSweep(join(root, path), { params, set, allowOutside: false, root });
  const plan = makePlan(sweep, { confirmed: true });
  if (plan.count !== file.points || sweep.name !== name) {
    throw refused(
      planTar,
      `the sweep ${sweep.name} has ${plan.count} points here, and ${name} had ${file.points} in the plan`,
    );
  }
  return { file, digest: planDigest(file), plan };
}

async function unpackPlan(planTar: string, scratch: string): Promise<PlanFile> {
  try {
    const { dropped } = await extractTar(createReadStream(planTar), resolve(scratch), LIMITS);
    const [bad] = dropped;
    if (bad !== undefined) throw refused(planTar, `it holds ${bad.path}: ${bad.reason}`);
  } catch (cause) {
    if (cause instanceof ReportedError) throw cause;
    const text = cause instanceof Error ? cause.message : String(cause);
    const why = cause instanceof ArchiveLimitError ? `it holds ${text}` : text;
    throw refused(planTar, why, cause);
  }
  const path = join(scratch, "plan.json");
  if (!existsSync(path)) throw refused(planTar, "there is no plan.json in it");
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw refused(planTar, "its plan.json is no JSON", cause);
  }
  const parsed = PLAN_FILE.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw refused(
    planTar,
    `its plan.json is wrong at ${issue?.path.join(".") || "its root"}: ${issue?.message}`,
  );
}

function refused(planTar: string, why: string, cause?: unknown): ReportedError {
  return new ReportedError(
    2,
    `${planTar} is no plan that can be used here: ${why}.\n` +
      "Give the plan of this workflow's own run, made by the same version of sim-pipeline.",
    { cause },
  );
}

function checkCommit(
  file: PlanFile,
  workspace: { readonly root: string; readonly commit: string | null },
): void {
  if (file.commit === null || workspace.commit === null || file.commit === workspace.commit) return;
  throw new ReportedError(
    2,
    `This is the plan of another commit: it was made of ${file.commit}, and ${workspace.root} is ` +
      `at ${workspace.commit}.\nCheck out the same commit in every job of the workflow.`,
  );
}

/** Every file must be what it was when the plan was made. */
async function checkFiles(file: PlanFile, root: string, checkout: boolean): Promise<void> {
  for (const { path, sha256 } of file.files) {
    const found = await hashOf(join(root, path));
    if (found === sha256) continue;
    if (!checkout) {
      const state = found === null ? "is missing in" : "is not the file that is listed in";
      throw new ReportedError(2, `${path} ${state} the plan, which is damaged.\nPlan again.`);
    }
    throw new ReportedError(
      2,
      found === null
        ? `${join(root, path)} is not there, and the plan needs it.\n` +
            "Add a step with actions/checkout before this one, of the commit that was planned."
        : `${join(root, path)} is not the file that was planned.\n` +
            "Check out the same commit in every job, and change no file before this step.",
    );
  }
}
