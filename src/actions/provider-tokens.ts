import { mask } from "../github/commands.ts";

/** The variables that hold what providers are paid with. */
const TOKENS = [
  "DIGITALOCEAN_TOKEN",
  "DIGITALOCEAN_ACCESS_TOKEN",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
];

/** Has the runner hide them, wherever a workflow takes them from. */
export function maskProviderTokens(env: NodeJS.ProcessEnv): void {
  mask(TOKENS.flatMap((name) => env[name] ?? []));
}
