import { MACHINE_USER } from "./user-data.ts";

/**
 * A leased machine in ssh's configuration: its name leads to it with our key, and only a machine
 * that shows a pinned host key is spoken to. The agent's keys are nobody's business there.
 */
export function sshConfigOf(machine: {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Absolute paths; without quotes and what ssh expands, as the store's folder is. */
  readonly identity: string;
  readonly knownHosts: string;
}): string {
  const { name, address, port, identity, knownHosts } = machine;
  return [
    `Host ${name}`,
    `  HostName ${address}`,
    `  Port ${port}`,
    `  User ${MACHINE_USER}`,
    `  IdentityFile "${identity}"`,
    "  IdentitiesOnly yes",
    "  IdentityAgent none",
    `  UserKnownHostsFile "${knownHosts}"`,
    "  GlobalKnownHostsFile /dev/null",
    `  HostKeyAlias ${name}`,
    "  HostKeyAlgorithms ssh-ed25519",
    "  StrictHostKeyChecking yes",
    "  UpdateHostKeys no",
    "",
  ].join("\n");
}

/** A known_hosts file that accepts these keys, and no other, for a machine. */
export function knownHostsOf(name: string, keys: readonly string[]): string {
  return keys.map((key) => `${name} ${key}\n`).join("");
}
