import { join } from "node:path";
import { saveState, setOutput } from "@actions/core";
import { listenToSignals } from "../cli/signals.ts";
import { workflowContext } from "../github/context.ts";
import { runnerRelease } from "../github/runner-release.ts";
import { repositoryRunners } from "../github/runners.ts";
import type { ProviderName } from "../machines/provider.ts";
import { openProvider } from "../machines/providers.ts";
import { openStore } from "../machines/store.ts";
import { DEADLINE_MINUTES } from "../run/machines.ts";
import { ReportedError } from "../sweep/errors.ts";
import { action } from "./action.ts";
import { deadlineMinutes, maxCost, strangersMachines } from "./common-inputs.ts";
import { choice, optionalText, optionalWholeNumber, secret, wholeNumber } from "./inputs.ts";
import { lineLog } from "./line-log.ts";
import { down } from "./machines-down.ts";
import { reapAll } from "./machines-reap.ts";
import { up } from "./machines-up.ts";
import { poolOf } from "./pool.ts";
import { maskProviderTokens } from "./provider-tokens.ts";
import { POOL_STATE, type PoolState } from "./run-state.ts";

/**
 * Not `hosts`: a runner of one's own machine is one's own to install, and what a rented machine gives up
 * between jobs, all processes and containers, may there be somebody's.
 */
const RENTING = ["digitalocean", "aws"] as const satisfies readonly ProviderName[];

/** GitHub's most jobs of a matrix. */
const MOST_JOBS = 256;

await action(async () => {
  const context = workflowContext(process.env);
  const token = secret("token");
  const runnerToken = secret("runner-token");
  maskProviderTokens(process.env);
  const command = choice("command", ["up", "down", "reap"]);
  const name = choice("provider", RENTING);
  const poolName = optionalText("name");
  const pool = poolOf(context, poolName);
  const size = optionalText("size");
  const region = optionalText("region");
  const count = wholeNumber("count", { least: 1, most: MOST_JOBS });
  const atLeast = optionalWholeNumber("at-least", { least: 1, most: count }) ?? count;
  const runnersEach = wholeNumber("runners-per-machine", { least: 1, most: MOST_JOBS });
  const minutes = deadlineMinutes() ?? DEADLINE_MINUTES;
  const limit = maxCost();

  using log = lineLog();
  const say = log.add;
  using signals = listenToSignals(() => say("Cancelled: what was rented is given back."));
  const { stop } = signals;
  try {
    await using provider = await openProvider(name, process.env);
    if (command === "reap") {
      setOutput("removed", (await reapAll(provider, stop, say)).length);
    } else if (command === "down") {
      const runners = runnerToken === null ? null : await repositoryRunners(context, runnerToken);
      const { removed, cost } = await down({ pool, provider, runners, stop, say });
      say(`given back: ${removed.length}; cost: ${cost}`);
      setOutput("removed", removed.length);
      setOutput("cost", cost);
    } else {
      if (context.isFork) throw strangersMachines();
      if (size === null) throw noSize(name);
      if (count * runnersEach > MOST_JOBS) throw tooMany(count, runnersEach);
      // In the job's own folder: the keys are nobody's business after it.
      const store = join(context.temp, "sim-pipeline-machines");
      const state: PoolState = { provider: name, store, name: poolName };
      const raised = await up(
        {
          request: { size, region, count },
          atLeast,
          runnersEach,
          minutes,
          maxCost: limit,
        },
        {
          ...{ context, token, pool, provider, stop, say },
          runners: await repositoryRunners(context, runnerToken),
          release: runnerRelease(process.env),
          store: await openStore(store),
          started: () => saveState(POOL_STATE, state),
        },
      );
      saveState(POOL_STATE, null);
      say(`up: ${raised.machines.join(", ")}; runs-on: ${pool.label}`);
      setOutput("label", pool.label);
      setOutput("runners", raised.runners);
      setOutput("machines", raised.machines.join("\n"));
    }
  } catch (error) {
    // What the runner's signals cut off is no error of its own.
    if (!stop.aborted || error instanceof ReportedError) throw error;
    process.exitCode = signals.exitCode() ?? 1;
  }
});

function noSize(provider: string): ReportedError {
  return new ReportedError(
    2,
    'The input "size" is missing. Set it under "with:" of the step.\n' +
      `\`npx sim-pipeline machines sizes --provider ${provider}\` lists what there is, with prices.`,
  );
}

function tooMany(count: number, each: number): ReportedError {
  return new ReportedError(
    2,
    `${count} machines with ${each} runners each are ${count * each} runners, and GitHub takes ` +
      `${MOST_JOBS} jobs of a matrix: lower "count" or "runners-per-machine".`,
  );
}
