import { setOutput } from "@actions/core";
import { artifactStore } from "../github/artifacts.ts";
import { workflowContext } from "../github/context.ts";
import { action } from "./action.ts";
import { collectJob } from "./collect-job.ts";
import { artifactName, ENGINES, registryLogin, retentionDays } from "./common-inputs.ts";
import { choice, flag, secret } from "./inputs.ts";
import { reportOutcome, summarise } from "./outcome.ts";
import { planInput } from "./plan-artifact.ts";
import { withRegistryLogin } from "./registry-login.ts";
import { runLog } from "./run-log.ts";

await action(async () => {
  const context = workflowContext(process.env);
  const token = secret("token");
  const login = registryLogin(context, token);
  const job = {
    plan: planInput(),
    artifact: artifactName(),
    parquet: flag("parquet"),
    engine: choice("engine", ENGINES),
    retentionDays: retentionDays(),
  };
  using log = runLog();
  const store = artifactStore(context, token);
  const { plan, collected, artifact } = await collectJob(job, {
    context,
    store,
    log,
    login: (image) => withRegistryLogin(process.env, image, login),
  });
  setOutput("folder", collected.folder);
  setOutput("artifact-id", artifact.id);
  setOutput("artifact-url", artifact.url);
  setOutput(
    "missing",
    collected.missing.reduce((sum, { points }) => sum + points.length, 0),
  );
  const { sweep } = plan.file;
  summarise(context, collected, artifact, { sweep, missing: collected.missing });
  reportOutcome(collected, collected.missing);
});
