import { type Billing, ProviderError, type ProviderName } from "../../machines/provider.ts";
import { type ReapReport, reap } from "../../machines/reap.ts";
import { ReportedError } from "../../sweep/errors.ts";
import { existingStore, never, openOwn, providersToAsk, tell } from "./work.ts";

export interface Reaped extends ReapReport {
  readonly provider: ProviderName;
  readonly billing: Billing;
}

/**
 * Reaps at every provider, or at one; what one of them refuses is in nobody's way.
 * @throws ReportedError (2) where there is nobody to ask.
 */
export async function reapAll(only: ProviderName | undefined): Promise<{
  readonly reports: readonly Reaped[];
  readonly refusals: readonly string[];
}> {
  const store = await existingStore();
  const asked = await providersToAsk((await store?.list())?.records ?? [], only);
  if (asked.length === 0) {
    throw new ReportedError(
      2,
      "Nothing is recorded on this computer, and no provider's token is set: nobody to ask.\n" +
        "Name one, and set its token: `sim-pipeline machines reap --provider digitalocean`.",
    );
  }
  const reports: Reaped[] = [];
  const refusals: string[] = [];
  for (const name of asked) {
    try {
      await using provider = await openOwn(name);
      const report = await reap({ provider, store, signal: never, onStep: tell });
      reports.push({ ...report, provider: name, billing: provider.billing });
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      refusals.push(`${name} could not be asked: ${error.message}`);
    }
  }
  return { reports, refusals };
}
