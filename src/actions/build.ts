import { setOutput } from "@actions/core";
import { listenToSignals } from "../cli/signals.ts";
import { workflowContext } from "../github/context.ts";
import { parseBuildArgs } from "../images/options.ts";
import { ReportedError } from "../sweep/errors.ts";
import { action } from "./action.ts";
import { buildJob } from "./build-job.ts";
import { registryLogin } from "./common-inputs.ts";
import { flag, lines, namedSecrets, optionalFlag, optionalText, secret, text } from "./inputs.ts";
import { lineLog } from "./line-log.ts";

await action(async () => {
  const context = workflowContext(process.env);
  const login = registryLogin(context, secret("token"));
  const job = {
    context: text("context"),
    image: optionalText("image"),
    tags: lines("tags"),
    testTarget: optionalText("test-target"),
    test: optionalText("test"),
    lint: optionalText("lint"),
    platforms: lines("platforms").flatMap((line) => line.split(/\s*,\s*/)),
    buildArgs: parseBuildArgs(lines("build-args")),
    secrets: namedSecrets("secrets"),
    cache: optionalFlag("cache"),
    push: flag("push"),
  };
  using log = lineLog();
  using signals = listenToSignals(log.add);
  try {
    const made = await buildJob(job, context, login, log.add, signals.stop);
    setOutput("image", made.image);
    setOutput("digest", made.digest ?? "");
    setOutput("tags", made.tags.join("\n"));
    setOutput("cached", made.cached);
  } catch (error) {
    // What the runner's signals cut off is no error of its own.
    if (!signals.stop.aborted || error instanceof ReportedError) throw error;
    process.exitCode = signals.exitCode() ?? 1;
  }
});
