import { info } from "@actions/core";
import { artifactStore } from "../github/artifacts.ts";
import { workflowContext } from "../github/context.ts";
import { uploadFolder } from "../github/folder.ts";
import { settleRun } from "../index.ts";
import { action } from "./action.ts";
import { sweepState } from "./run-state.ts";

// After a cancelled or killed main step: what had finished is uploaded.
await action(async () => {
  const state = sweepState();
  if (state === null) return;
  const { folder, artifact, secrets } = state;
  if (!(await settleRun(folder, { secrets }))) return info("No point had been started.");
  const store = artifactStore(workflowContext(process.env), null);
  const { name } = await uploadFolder(store, artifact, folder, state);
  info(`What had finished is in the artifact ${name}; a re-run of this job goes on from it.`);
});
