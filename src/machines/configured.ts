import { existsSync } from "node:fs";
import { hostsFile } from "./hosts/list.ts";
import type { ProviderName } from "./provider.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of which one says that a provider is to be used; their values are not looked at. */
const VARIABLES: Readonly<Record<ProviderName, readonly string[]>> = {
  digitalocean: ["DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"],
  aws: ["AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"],
  hosts: ["SIM_PIPELINE_HOSTS"],
};

/** Whether the environment is set up for a provider; not whether that lets us in. */
export function isConfigured(name: ProviderName, env: Environment): boolean {
  if (VARIABLES[name].some((variable) => (env[variable] ?? "") !== "")) return true;
  return name === "hosts" && existsSync(hostsFile(env));
}
