import { sshReach } from "./connect.ts";
import { hostReach } from "./hosts/reach.ts";
import type { Reach } from "./lease-types.ts";
import type { ProviderName } from "./provider.ts";

/** How machines of a provider are reached. */
export function reachOf(provider: ProviderName): Reach {
  return provider === "hosts" ? hostReach : sshReach;
}
