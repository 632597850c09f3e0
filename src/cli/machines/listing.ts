import { isConfigured } from "../../machines/configured.ts";
import { inventory, type Listed, look, type Seen } from "../../machines/inventory.ts";
import { ProviderError, type ProviderName } from "../../machines/provider.ts";
import type { LeaseRecord } from "../../machines/record.ts";
import { damagedText, type Store } from "../../machines/store.ts";
import { never, openOwn, providersToAsk } from "./work.ts";

export interface Listing {
  readonly machines: readonly Listed[];
  /** What is not known, and why. */
  readonly problems: readonly string[];
  /** False where a provider refused or did not answer; not so where its token is not set. */
  readonly complete: boolean;
  /** Whom it was asked of, or tried to. */
  readonly asked: readonly ProviderName[];
}

/** All machines of this computer, and those that its providers show besides. */
export async function listMachines(store: Store, only: ProviderName | undefined): Promise<Listing> {
  const { records, damaged } = await store.list();
  const asked = await providersToAsk(records, only);
  const parts = await Promise.all(
    asked.map(async (name) => {
      const own = records.filter((record) => record.provider === name);
      const answer = await ask(name, own);
      const seen = "machines" in answer ? answer : null;
      const problems = "machines" in answer ? otherAccounts(answer, own) : [answer.message];
      const isToldOnly = seen === null && only === undefined && !isConfigured(name, process.env);
      return {
        machines: inventory(seen, own, damaged, Date.now()),
        problems,
        complete: isToldOnly || problems.length === 0,
      };
    }),
  );
  return {
    asked,
    machines: parts.flatMap(({ machines }) => machines),
    problems: [
      ...parts.flatMap(({ problems }) => problems),
      ...damaged.map(({ path, problem }) => damagedText(path, problem)),
    ],
    complete: parts.every(({ complete }) => complete),
  };
}

async function ask(
  name: ProviderName,
  records: readonly LeaseRecord[],
): Promise<Seen | { readonly message: string }> {
  try {
    await using provider = await openOwn(name);
    return await look(provider, records, never);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return { message: `${error.message}\nOf ${name} there is only what is recorded here.` };
  }
}

/** Machines of which another account's token says nothing. */
function otherAccounts(
  { provider, account }: Seen,
  records: readonly { readonly account: string | null; readonly id: string }[],
): readonly string[] {
  return records
    .filter((record) => record.account !== account)
    .map(
      ({ id, account: whose }) =>
        `Lease ${id} at ${provider} was rented with the account ${whose ?? "of another token"}, ` +
        "and the token that is set is of another: set that one's to see its machines.",
    );
}
