import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** An sshd of a test's own on loopback, with a host key, a user's key and a client's configuration. */
export interface Sshd extends AsyncDisposable {
  /** The `Host` that the client's configuration has for it. */
  readonly name: string;
  readonly user: string;
  readonly port: number;
  /** An ssh_config file that knows the host, its key and the user's. */
  readonly config: string;
  /** Files that tests change: the user's private key, and the host's key as the client knows it. */
  readonly identity: string;
  readonly knownHosts: string;
  readonly authorizedKeys: string;
  /** DOCKER_HOST for a socket there, and what makes ssh find the host. */
  env(socket?: string): NodeJS.ProcessEnv;
  /** Connections that were let in since the start. */
  logins(): number;
  /** Breaks every connection; sshd goes on. */
  drop(): Promise<void>;
  /** Refuses connections, and breaks those there are, until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Gives the host another key, as a machine that was made anew has. */
  changeHostKey(): Promise<void>;
}

const SSHD = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/libexec/sshd"].find(existsSync);

/** Whether an sshd can be started and a client is there. */
export async function findSshd(): Promise<boolean> {
  if (SSHD === undefined) return false;
  return await execute("ssh", ["-V"]).then(
    () => true,
    () => false,
  );
}

/**
 * `lines` are added to its sshd_config, before the others: the first of a keyword counts. `user` is
 * who is let in: another than ourselves only where we are root.
 */
export async function startSshd(
  lines: readonly string[] = [],
  user: string = userInfo().username,
): Promise<Sshd> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "sim-pipeline-sshd-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  // Another user's keys are read as that user.
  await chmod(folder, 0o755);
  const file = (name: string): string => join(folder, name);
  const [hostKey, identity, knownHosts] = [file("host"), file("id"), file("known_hosts")];
  const authorizedKeys = file("authorized_keys");
  await makeKey(hostKey);
  await makeKey(identity);
  await copyFile(`${identity}.pub`, authorizedKeys);
  const port = await freePort();
  const name = "lab";
  await writeFile(knownHosts, `[127.0.0.1]:${port} ${await readFile(`${hostKey}.pub`, "utf8")}`);
  await writeFile(
    file("sshd_config"),
    [
      ...lines,
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${authorizedKeys}`,
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PermitRootLogin prohibit-password",
      "UsePAM no",
      "StrictModes no",
      "PidFile none",
      "MaxStartups 100",
      "",
    ].join("\n"),
  );
  const config = file("ssh_config");
  await writeFile(
    config,
    [
      `Host ${name}`,
      "  HostName 127.0.0.1",
      `  Port ${port}`,
      `  User ${user}`,
      `  IdentityFile ${identity}`,
      "  IdentitiesOnly yes",
      "  IdentityAgent none",
      `  UserKnownHostsFile ${knownHosts}`,
      "  GlobalKnownHostsFile /dev/null",
      "",
    ].join("\n"),
  );

  let logins = 0;
  const onLine = (line: string): void => {
    if (line.startsWith("Accepted ")) logins++;
  };
  let running = await launch(file("sshd_config"), onLine);
  const stop = async (): Promise<void> => {
    const connections = await childrenOf(running);
    await end(running, "SIGTERM");
    killAll(connections);
  };
  cleanup.defer(stop);
  const owned = cleanup.move();

  return {
    ...{ name, user, port, config, identity, knownHosts, authorizedKeys },
    env: (socket = "") => {
      const { DOCKER_TLS_VERIFY: _verify, DOCKER_CERT_PATH: _certs, ...rest } = process.env;
      const host = `ssh://${name}${socket}`;
      return { ...rest, DOCKER_HOST: host, SIM_PIPELINE_SSH_CONFIG: config };
    },
    logins: () => logins,
    drop: async () => killAll(await childrenOf(running)),
    stop,
    start: async () => {
      if (hasEnded(running)) running = await launch(file("sshd_config"), onLine);
    },
    changeHostKey: async () => {
      await rm(hostKey);
      await makeKey(hostKey);
      await end(running, "SIGTERM");
      running = await launch(file("sshd_config"), onLine);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Makes a key pair without a passphrase: the file, and beside it its `.pub`. */
export async function makeKey(path: string): Promise<void> {
  await rm(path, { force: true });
  await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path]);
}

async function launch(config: string, onLine: (line: string) => void): Promise<ChildProcess> {
  // It will not start without this folder, which Debian's service makes.
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  // It must not outlive the test run, however that ends.
  const sshd = spawn("setpriv", ["--pdeathsig", "TERM", SSHD ?? "sshd", "-D", "-e", "-f", config], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const listening = Promise.withResolvers<void>();
  const said: string[] = [];
  const lines = createInterface(sshd.stderr);
  lines.on("line", (line) => {
    said.push(line);
    onLine(line);
    if (line.startsWith("Server listening")) listening.resolve();
  });
  sshd.once("error", listening.reject);
  sshd.once("exit", () => listening.reject(new Error(`sshd did not start:\n${said.join("\n")}`)));
  await listening.promise;
  return sshd;
}

/** Ids of the processes that serve connections, found by their parent. */
async function childrenOf({ pid }: ChildProcess): Promise<number[]> {
  if (pid === undefined) return [];
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return list.split(" ").filter(Boolean).map(Number);
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended since.
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  server.close();
  await once(server, "close");
  return address.port;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}
