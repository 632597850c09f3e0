import { readFile, rm } from "node:fs/promises";
import { SSH_CONFIG } from "../engines/ssh.ts";
import { ReportedError } from "../sweep/errors.ts";
import type { Clock } from "./clock.ts";
import { bareKey, makeKeyPair, readPublicKey } from "./keys.ts";
import type { Reach } from "./lease-types.ts";
import { machineName } from "./names.ts";
import { ConnectionError, type Remote, runRemote, untilReached } from "./remote.ts";
import { knownHostsOf, sshConfigOf } from "./ssh-config.ts";
import { type LeaseFiles, writeDurably } from "./store.ts";
import { FAILED_FILE, READY_FILE, userData } from "./user-data.ts";

/** Milliseconds from an address until SSH answers. */
const LOGIN_PATIENCE = 5 * 60_000;

/**
 * Milliseconds in which a machine may still show the host key of its image, which is not trusted: its
 * sshd may be up before cloud-init has put ours into place.
 */
const BOOTING = 60_000;

/** Milliseconds for everything that the machine does to make itself ready. */
const SETUP_PATIENCE = 15 * 60_000;

/** Milliseconds until sshd is back with its new key. */
const RESTART_PATIENCE = 60_000;

/** Machines that cloud-init sets up from our user data, reached by SSH under pinned host keys. */
export const sshReach: Reach = {
  prepare: async (record, store, signal) => {
    const files = store.files(record.id);
    const hostKey = hostKeyOf(files);
    await makeKeyPair(files.identity, signal);
    await makeKeyPair(hostKey, signal);
    const key = await readPublicKey(hostKey);
    for (let index = 0; index < record.count; index++) {
      const name = machineName(record, index);
      await writeDurably(files.knownHosts(name), knownHostsOf(name, [key]));
    }
    const text = userData({
      minutes: record.minutes,
      hostKey: { private: await readFile(hostKey, "utf8"), public: `${key}\n` },
      authorizedKey: await readPublicKey(files.identity),
    });
    // From here on the machines alone have it, until each makes one that nobody else ever had.
    await rm(hostKey);
    return text;
  },

  connect: async (machine, record, { store, signal, clock, tell }) => {
    const { name, address, port } = machine;
    if (address === null) throw new ReportedError(3, "it has no address");
    const files = store.files(record.id);
    const knownHosts = files.knownHosts(name);
    const block = sshConfigOf({ name, address, port, identity: files.identity, knownHosts });
    await writeDurably(files.sshConfig(name), block);
    const remote: Remote = { name, sshConfig: store.sshConfig };
    const tools = { signal, clock };
    tell("connect", `connecting to ${name} (${address})`);
    const login = () => runRemote(remote, "true", signal);
    await untilReached(tools, LOGIN_PATIENCE, login, BOOTING);
    tell("setup", `${name} is setting itself up`);
    const oneTime = await readPublicKey(hostKeyOf(files));
    const found = await setUp(remote, oneTime, tools);
    await pinNewKey(remote, { knownHosts, oneTime, ...found }, tools);
  },

  env: (machine, store) => ({
    DOCKER_HOST: `ssh://${machine.name}`,
    [SSH_CONFIG]: store.sshConfig,
  }),
};

/** The one-time host key; only its public half stays. */
function hostKeyOf(files: LeaseFiles): string {
  return `${files.identity}_host`;
}

interface Tools {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

const HOST_KEY = "/etc/ssh/ssh_host_ed25519_key";

/**
 * Waits for cloud-init, says how the setup ended, and makes the next host key, which is not in use
 * yet; where that has happened already, tells the key that the machine has. May be run again.
 */
const setUpCommand = (oneTime: string) => `
cloud-init status --wait >/dev/null 2>&1
if [ -e ${FAILED_FILE} ]; then echo failed; cat ${FAILED_FILE}; exit 0; fi
if ! [ -e ${READY_FILE} ]; then echo unfinished; cloud-init status --long; exit 0; fi
exec sudo -n sh -eu -c '
bare() { ssh-keygen -y -f "$1" | cut -d " " -f 1,2; }
if [ "$(bare ${HOST_KEY})" = "${oneTime}" ]; then
  if ! [ -s ${HOST_KEY}.next ]; then
    rm -f ${HOST_KEY}.new ${HOST_KEY}.new.pub
    ssh-keygen -q -t ed25519 -N "" -C "" -f ${HOST_KEY}.new
    mv ${HOST_KEY}.new ${HOST_KEY}.next
  fi
  echo next; bare ${HOST_KEY}.next
else
  echo current; bare ${HOST_KEY}
fi'`;

/** Puts the next host key, where there still is one, into the place of the old one, and into use. */
const SWITCH_COMMAND = `exec sudo -n sh -eu -c '
if [ -s ${HOST_KEY}.next ]; then mv ${HOST_KEY}.next ${HOST_KEY}; fi
ssh-keygen -y -f ${HOST_KEY} >${HOST_KEY}.pub
rm -f ${HOST_KEY}.new.pub
systemctl restart ssh'`;

interface FoundKey {
  readonly key: string;
  /** Whether sshd is likely to use it by now. */
  readonly inUse: boolean;
}

/** @throws ReportedError with the step that failed and the end of what it printed. */
async function setUp(remote: Remote, oneTime: string, tools: Tools): Promise<FoundKey> {
  const late = AbortSignal.timeout(SETUP_PATIENCE);
  const signal = AbortSignal.any([tools.signal, late]);
  let said: string;
  try {
    said = await untilReached({ ...tools, signal }, LOGIN_PATIENCE, () =>
      runRemote(remote, setUpCommand(oneTime), signal),
    );
  } catch (error) {
    tools.signal.throwIfAborted();
    if (!late.aborted) throw error;
    const minutes = SETUP_PATIENCE / 60_000;
    throw new ReportedError(3, `its setup did not end within ${minutes} minutes`, { cause: error });
  }
  const [state, ...rest] = said.trimEnd().split("\n");
  const [first = "", ...output] = rest;
  if (state === "failed") {
    throw new ReportedError(3, `its setup failed at ${first}:\n${output.join("\n")}`);
  }
  if (state !== "next" && state !== "current") {
    throw new ReportedError(3, `cloud-init did not run its setup: ${rest.join(" ")}`);
  }
  return { key: bareKey(first), inUse: state === "current" };
}

/**
 * Puts a host key into use that was in no user data, and pins it alone. Both keys are accepted from
 * before the change until the new one was seen in use, so that a crash in between locks nobody out.
 * @throws ReportedError where the machine does not come back with it, or its Docker does not answer.
 */
async function pinNewKey(
  remote: Remote,
  pin: FoundKey & { readonly knownHosts: string; readonly oneTime: string },
  tools: Tools,
): Promise<void> {
  const { knownHosts, oneTime, key } = pin;
  const alone = knownHostsOf(remote.name, [key]);
  if ((await readFile(knownHosts, "utf8")) === alone) return await checkDocker(remote, tools, []);
  const next = `${knownHosts}.next`;
  await writeDurably(knownHosts, knownHostsOf(remote.name, [oneTime, key]));
  await writeDurably(next, alone);
  const underIt = [`UserKnownHostsFile="${next}"`];
  const isInUse = pin.inUse && (await answers(remote, underIt, tools));
  if (!isInUse) {
    await untilReached(tools, RESTART_PATIENCE, () =>
      runRemote(remote, SWITCH_COMMAND, tools.signal).then(() => {}),
    );
  }
  await checkDocker(remote, tools, underIt);
  await writeDurably(knownHosts, alone);
  await rm(next);
}

async function answers(remote: Remote, options: readonly string[], { signal }: Tools) {
  try {
    await runRemote(remote, "true", signal, options);
    return true;
  } catch (error) {
    if (error instanceof ConnectionError) return false;
    throw error;
  }
}

async function checkDocker(
  remote: Remote,
  tools: Tools,
  options: readonly string[],
): Promise<void> {
  const command = "docker version --format '{{.Server.Version}}'";
  const version = await untilReached(tools, RESTART_PATIENCE, () =>
    runRemote(remote, command, tools.signal, options),
  );
  if (version.trim() === "") throw new ReportedError(3, "its Docker does not answer");
}
