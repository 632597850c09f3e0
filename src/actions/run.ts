import { saveState, setOutput } from "@actions/core";
import { artifactStore } from "../github/artifacts.ts";
import { workflowContext } from "../github/context.ts";
import { action } from "./action.ts";
import { ENGINES, registryLogin, retentionDays, workers } from "./common-inputs.ts";
import { choice, secret, wholeNumber } from "./inputs.ts";
import { interruptible } from "./interruptible.ts";
import { reportOutcome } from "./outcome.ts";
import { planInput } from "./plan-artifact.ts";
import { withRegistryLogin } from "./registry-login.ts";
import { runJob } from "./run-job.ts";
import { SHARD_STATE } from "./run-state.ts";

await action(async () => {
  const context = workflowContext(process.env);
  const token = secret("token");
  const login = registryLogin(context, token);
  const job = {
    plan: planInput(),
    shard: wholeNumber("shard", { least: 0, most: 255 }),
    engine: choice("engine", ENGINES),
    ...workers(),
    retentionDays: retentionDays(),
  };
  await interruptible(async (step) => {
    const { summary, artifact } = await runJob(job, {
      ...step,
      context,
      store: artifactStore(context, token, step.stop),
      login: (image) => withRegistryLogin(process.env, image, login),
      started: (state) => saveState(SHARD_STATE, state),
    });
    if (artifact === null) return;
    saveState(SHARD_STATE, null);
    setOutput("artifact-id", artifact.id);
    reportOutcome(summary);
  });
});
