import { ReportedError } from "../sweep/errors.ts";
import type { Provider, ProviderName } from "./provider.ts";
import type { LeaseRecord } from "./record.ts";

/**
 * The provider of a lease, with a token of the account that it was rented with: another account's
 * listing shows nothing of it, which would pass for its end.
 *
 * @throws ReportedError (3) for another account's token; ProviderError.
 */
export async function providerOf(
  record: LeaseRecord,
  openProvider: (name: ProviderName) => Promise<Provider>,
  signal: AbortSignal,
): Promise<Provider> {
  const provider = await openProvider(record.provider);
  try {
    const account = (await provider.account?.(signal)) ?? null;
    if (account === record.account) return provider;
    throw new ReportedError(
      3,
      `${record.label ?? record.id} was rented at ${record.provider} with another account ` +
        `(${record.account ?? "not known"}) than the one of the token that is set ` +
        `(${account ?? "not known"}).\nSet a token of that account.`,
    );
  } catch (error) {
    await provider[Symbol.asyncDispose]();
    throw error;
  }
}
