import { info } from "@actions/core";
import { workflowContext } from "../github/context.ts";
import { repositoryRunners } from "../github/runners.ts";
import { openProvider } from "../machines/providers.ts";
import { releaseLease } from "../machines/release.ts";
import { openStore } from "../machines/store.ts";
import { action } from "./action.ts";
import { secret } from "./inputs.ts";
import { lineLog } from "./line-log.ts";
import { down } from "./machines-down.ts";
import { poolOf } from "./pool.ts";
import { maskProviderTokens } from "./provider-tokens.ts";
import { poolState } from "./run-state.ts";

// After an `up` that was cancelled or killed: the job that gives machines back is not certain to come.
await action(async () => {
  const state = poolState();
  if (state === null) return;
  const context = workflowContext(process.env);
  const runnerToken = secret("runner-token");
  maskProviderTokens(process.env);
  const pool = poolOf(context, state.name);
  using log = lineLog();
  const onStep = ({ text }: { readonly text: string }) => log.add(text);
  const stop = new AbortController().signal;
  await using provider = await openProvider(state.provider, process.env);
  const store = await openStore(state.store);
  const { records } = await store.list();
  // By its record first: that knows of create calls without an answer, whose machines no list shows yet.
  for (const { id } of records.filter(({ run }) => run === pool.run)) {
    await releaseLease({ provider, store, signal: stop, onStep, id });
  }
  const runners = runnerToken === null ? null : await repositoryRunners(context, runnerToken);
  await down({ pool, provider, runners, stop, say: log.add });
  info("Nothing is left of the machines that did not come up.");
});
