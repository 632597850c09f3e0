import { ReportedError } from "../sweep/errors.ts";
import { PROVIDERS, type Provider, type ProviderName } from "./provider.ts";

type Open = (env: NodeJS.ProcessEnv) => Promise<Provider>;

/** Each loads its client only when it is asked for. */
const OPEN: Readonly<Partial<Record<ProviderName, Open>>> = {
  digitalocean: async (env) => (await import("./digitalocean/provider.ts")).digitalOcean(env),
  aws: async (env) => (await import("./aws/provider.ts")).aws(env),
  hosts: async (env) => (await import("./hosts/provider.ts")).hosts(env),
};

/** Those that this version rents machines from. */
export function providersHere(): readonly ProviderName[] {
  return PROVIDERS.filter((name) => OPEN[name] !== undefined);
}

/**
 * The provider of a name, with the credentials that `env` holds; nothing is sent yet.
 *
 * @throws ReportedError (2) for one that this version does not have; ProviderError `auth` where
 * credentials are missing, `invalid` where a setting in `env` is wrong.
 */
export async function openProvider(name: ProviderName, env: NodeJS.ProcessEnv): Promise<Provider> {
  const open = OPEN[name];
  if (open !== undefined) return await open(env);
  const there = providersHere().join(", ");
  throw new ReportedError(2, `This version rents no machines from ${name}; there is: ${there}`);
}
