import type { Store } from "../../machines/store.ts";

export const MISSING_SSH = "There is no `ssh` program: install OpenSSH's client (openssh-client).";

/** What ssh and scp are called with, so that they know the machines of a store and ask nothing. */
export function sshWords(store: Pick<Store, "sshConfig">): readonly string[] {
  return [
    ...["-F", store.sshConfig],
    ...["-o", "BatchMode=yes"],
    ...["-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=15"],
  ];
}
