import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { info } from "@actions/core";
import { artifactStore } from "../github/artifacts.ts";
import { workflowContext } from "../github/context.ts";
import { settleRun } from "../index.ts";
import { action } from "./action.ts";
import { openPlanTar } from "./plan-artifact.ts";
import { uploadShard } from "./run-job.ts";
import { shardState } from "./run-state.ts";

// After a cancelled or killed main step: what had finished is uploaded.
await action(async () => {
  const state = shardState();
  if (state === null) return;
  const { folder, secrets } = state;
  if (!(await settleRun(folder, { secrets }))) return info("No point had been started.");
  const context = workflowContext(process.env);
  const store = artifactStore(context, null);
  const plan = await openPlanTar(
    state.planTar,
    context,
    mkdtempSync(join(context.temp, "sim-pipeline-")),
    "collect",
  );
  const { name } = await uploadShard(plan, state, false, { context, store });
  info(`What had finished is in the artifact ${name}; a re-run of this job goes on from it.`);
});
