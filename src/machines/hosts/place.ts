import { parseSshAddress, type SshTarget } from "../../engines/ssh.ts";
import { ProviderError } from "../provider.ts";

/** A reservation's host, and the name under which it is there. */
export interface Place {
  readonly target: SshTarget;
  readonly name: string;
}

/**
 * A machine's id: the host's address and the machine's name, which no two leases share. So it leads
 * to the host also when that is in no list any more.
 */
export function idOf({ target, name }: Place): string {
  return `${addressOf(target)}/${name}`;
}

/** As DOCKER_HOST takes it: `ssh://me@host:2222`. */
function addressOf({ user, host, port }: SshTarget): string {
  const who = user === null ? "" : `${encodeURIComponent(user)}@`;
  const where = host.includes(":") ? `[${host}]` : host;
  return `ssh://${who}${where}${port === null ? "" : `:${port}`}`;
}

/** @throws ProviderError `invalid` for what is no id of a host's machine. */
export function placeOf(id: string): Place {
  const at = id.lastIndexOf("/");
  const name = id.slice(at + 1);
  if (id.startsWith("ssh://") && at > "ssh://".length && /^[a-z0-9-]{1,63}$/.test(name)) {
    const place = { target: parseSshAddress(id.slice(0, at), "a machine's id").target, name };
    if (idOf(place) === id) return place;
  }
  throw new ProviderError("invalid", `${JSON.stringify(id)} is no machine's id of a host.`);
}
