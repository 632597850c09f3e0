import { getState, info, setFailed } from "@actions/core";
import { artifactStore } from "../github/artifacts.ts";
import { workflowContext } from "../github/context.ts";
import { uploadFolder } from "../github/folder.ts";
import { settleRun } from "../index.ts";
import { openProvider } from "../machines/providers.ts";
import { settleLeases } from "../machines/settle.ts";
import { openStore, storeFolder } from "../machines/store.ts";
import { action } from "./action.ts";
import { lineLog } from "./line-log.ts";
import { maskProviderTokens } from "./provider-tokens.ts";
import { RENTED_STATE, sweepState } from "./run-state.ts";

// After a cancelled or killed main step: its machine is given back, and what had finished is uploaded.
await action(async () => {
  if (getState(RENTED_STATE) === "true") await settleMachines();
  const state = sweepState();
  if (state === null) return;
  const { folder, artifact, secrets } = state;
  if (!(await settleRun(folder, { secrets }))) return info("No point had been started.");
  const store = artifactStore(workflowContext(process.env), null);
  const { name } = await uploadFolder(store, artifact, folder, state);
  info(`What had finished is in the artifact ${name}; a re-run of this job goes on from it.`);
});

/** Gives back what the main step rented and could not give back itself. */
async function settleMachines(): Promise<void> {
  maskProviderTokens(process.env);
  using log = lineLog();
  const { problems } = await settleLeases({
    store: await openStore(storeFolder(process.env)),
    openProvider: async (name) => await openProvider(name, process.env),
    signal: new AbortController().signal,
    onStep: ({ text }) => log.add(text),
  });
  for (const problem of problems) setFailed(problem);
}
