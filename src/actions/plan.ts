import { setOutput } from "@actions/core";
import { sweepPath } from "../cli/sweep-path.ts";
import { artifactStore } from "../github/artifacts.ts";
import { workflowContext } from "../github/context.ts";
import { action } from "./action.ts";
import { ENGINES, registryLogin, retentionDays, workflowRun } from "./common-inputs.ts";
import { choice, flag, lines, optionalText, optionalWholeNumber, secret, text } from "./inputs.ts";
import { planJob } from "./plan-job.ts";
import { withRegistryLogin } from "./registry-login.ts";

await action(async () => {
  const context = workflowContext(process.env);
  const token = secret("token");
  const login = registryLogin(context, token);
  const job = {
    sweep: sweepPath(text("sweep")),
    params: lines("param"),
    set: lines("set"),
    image: optionalText("image"),
    shards: optionalWholeNumber("shards", { least: 1 }),
    engine: choice("engine", ENGINES),
    balanceFrom: workflowRun("balance-from"),
    resumeFrom: workflowRun("resume-from"),
    yes: flag("yes"),
    retentionDays: retentionDays(),
  };
  const { planned, artifact } = await planJob(job, {
    context,
    store: artifactStore(context, token),
    token,
    signal: new AbortController().signal,
    login: (image) => withRegistryLogin(process.env, image, login),
  });
  setOutput("matrix", planned.matrix);
  setOutput("plan", artifact);
  setOutput("shards", planned.matrix.include.length);
  setOutput("points", planned.plan.count);
});
