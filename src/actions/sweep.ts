import { saveState, setOutput } from "@actions/core";
import { RESUME_MODES } from "../cli/command.ts";
import { sweepPath } from "../cli/sweep-path.ts";
import { artifactStore } from "../github/artifacts.ts";
import { workflowContext } from "../github/context.ts";
import { action } from "./action.ts";
import {
  artifactName,
  ENGINES,
  registryLogin,
  rentedMachine,
  retentionDays,
  workers,
  workflowRun,
} from "./common-inputs.ts";
import { choice, flag, lines, secret, text } from "./inputs.ts";
import { interruptible } from "./interruptible.ts";
import { reportOutcome, summarise } from "./outcome.ts";
import { maskProviderTokens } from "./provider-tokens.ts";
import { withRegistryLogin } from "./registry-login.ts";
import { RENTED_STATE, SWEEP_STATE } from "./run-state.ts";
import { sweepJob } from "./sweep-job.ts";

await action(async () => {
  const context = workflowContext(process.env);
  const token = secret("token");
  const login = registryLogin(context, token);
  maskProviderTokens(process.env);
  const job = {
    sweep: sweepPath(text("sweep")),
    params: lines("param"),
    set: lines("set"),
    engine: choice("engine", ENGINES),
    ...workers(),
    ...rentedMachine(context),
    build: flag("build"),
    resume: choice("resume", RESUME_MODES),
    resumeFrom: workflowRun("resume-from"),
    parquet: flag("parquet"),
    artifact: artifactName(),
    retentionDays: retentionDays(),
  };
  if (job.machines !== undefined) saveState(RENTED_STATE, "true");
  await interruptible(async (step) => {
    const { summary, artifact } = await sweepJob(job, {
      ...step,
      context,
      store: artifactStore(context, token, step.stop),
      token,
      login: (image) => withRegistryLogin(process.env, image, login),
      started: (state) => {
        saveState(SWEEP_STATE, state);
        // Later steps may look for what is there, should the upload fail.
        setOutput("folder", state.folder);
      },
    });
    if (artifact === null) return;
    saveState(SWEEP_STATE, null);
    setOutput("artifact-id", artifact.id);
    setOutput("artifact-url", artifact.url);
    const { sweep: path, params, set } = job;
    summarise(context, summary, artifact, { sweep: { path, params, set } });
    reportOutcome(summary);
  });
});
