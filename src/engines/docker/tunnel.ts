/** A daemon's socket on another host, reached through one ssh that is kept. */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { ReportedError } from "../../sweep/errors.ts";
import { EngineLostError } from "../engine.ts";
import {
  explainSsh,
  PLAIN_PATH,
  type SshAddress,
  type SshEnvironment,
  sshArguments,
  sshName,
} from "../ssh.ts";

export interface Tunnel {
  /**
   * A connection to the daemon's socket, still connecting, through an ssh that is started where
   * none runs. Rejects with a ReportedError (3) where the host was never reached or needs somebody
   * to do something, else with EngineLostError.
   */
  connect(): Promise<Socket>;
  /** Why nothing answers behind an ssh that runs; null where that ended itself, but may come back. */
  diagnose(): Promise<ReportedError | null>;
  /** Ends it. What goes through it breaks. */
  close(): void;
}

const DEFAULT_SOCKET = "/var/run/docker.sock";

/** A socket's path has at most 103 bytes on macOS and 107 on Linux. */
const MOST_BYTES = 100;

/** A connection that lived shorter than this counts as one that failed. */
const SHORT_LIFE_MS = 10_000;
/**
 * Between a failure and the next attempt, doubled with each: a host may ban who comes too often. It
 * does not mind those whom it lets in.
 */
const PAUSE_MS = { first: 500, most: 15_000, mostLetIn: 2_000 };
/** For all of connecting, jump hosts and authentication included. */
const START_MS = 60_000;
const DIAGNOSIS_MS = 20_000;
const LAST_WORDS_MS = 500;

const READY = "sim-pipeline-ready";

/**
 * Runs a command until it ends or standard input does, which it does when we are gone, however that
 * came; then the folder, the first argument, is removed. It waits for all it starts: a container's
 * first process may be one that waits for nobody.
 */
const WATCHED = `
folder=$1; shift
exec 3<&0 </dev/null
"$@" 3<&- & command=$!
(read -r _ <&3; kill "$command") >/dev/null 2>&1 & watch=$!
exec 3<&-
wait "$command"; code=$?
exec 2>/dev/null
rm -rf -- "$folder"
kill "$watch"; wait "$watch"
exit "$code"`;

/** A running ssh. */
interface Forward {
  /** The daemon's socket on this side. */
  readonly socket: string;
  /** The end of what it wrote on standard error. */
  said(): string;
}

/** Starts nothing yet. Throws a ReportedError (3) where ssh cannot forward sockets. */
export function openTunnel({ target, path: remote }: SshAddress, env: SshEnvironment): Tunnel {
  if (process.platform === "win32") {
    throw new ReportedError(
      3,
      "Windows' ssh forwards no sockets: run sim-pipeline in WSL, or use tcp:// with TLS.",
    );
  }
  const remoteSocket = remote ?? DEFAULT_SOCKET;
  const name = sshName(target);
  let current: Promise<Forward> | null = null;
  let child: ChildProcessByStdio<Writable, Readable, Readable> | null = null;
  let connected = false;
  let closed = false;
  let failures = 0;
  let notBefore = 0;
  let last: Error | null = null;

  const ended = (said: string, code: number | null, began: number, letIn: boolean): Error => {
    const { message, lasting } = explainSsh(target, env, said, code);
    failures = performance.now() - began < SHORT_LIFE_MS ? failures + 1 : 0;
    const pause = failures === 0 ? 0 : PAUSE_MS.first * 2 ** (failures - 1);
    notBefore = performance.now() + Math.min(pause, letIn ? PAUSE_MS.mostLetIn : PAUSE_MS.most);
    last = lasting || !connected ? new ReportedError(3, message) : new EngineLostError(message);
    return last;
  };

  const start = async (): Promise<Forward> => {
    const began = performance.now();
    const folder = mkdtempSync(path.join(baseFolder(), "sim-pipeline-ssh-"));
    const socket = path.join(folder, "docker.sock");
    const forwarding = [
      `LocalForward=${socket} ${remoteSocket}`,
      // Another session may hold the ports of other forwards in the user's configuration.
      "ExitOnForwardFailure=no",
      // It is run once the forwards are bound.
      ...["PermitLocalCommand=yes", `LocalCommand=echo ${READY}`],
    ];
    const command = ["ssh", "-N", ...sshArguments(target, env, forwarding)];
    const started = spawn("/bin/sh", ["-c", WATCHED, "sim-pipeline-ssh", folder, ...command], {
      // It runs the local command in this shell, and an account of a service may have none.
      env: { ...env, SHELL: "/bin/sh" },
      stdio: ["pipe", "pipe", "pipe"],
      // Ctrl-C in the terminal is for us: tasks are ended through the tunnel.
      detached: true,
    });
    child = started;
    // Written by nobody, and told of its end by `close`.
    started.stdin.on("error", () => {});
    let said = "";
    started.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      said = (said + chunk).slice(-16_384);
    });
    const ready = Promise.withResolvers<void>();
    let heard = "";
    started.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      heard = (heard + chunk).slice(-1_024);
      if (heard.includes(READY)) ready.resolve();
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      started.stdin.destroy();
    }, START_MS);
    started.once("error", ready.reject);
    started.once("exit", () => {
      // What a jump host's ssh keeps open for longer tells nothing more.
      setTimeout(() => {
        started.stdout.destroy();
        started.stderr.destroy();
      }, LAST_WORDS_MS).unref();
    });
    started.once("close", (code: number | null) => {
      if (child === started) current = null;
      // Done already, unless the environment's PATH leads to no `rm`.
      rmSync(folder, { recursive: true, force: true });
      const words = late ? `${said}\nConnection timed out` : said;
      const error = ended(words, code, began, heard.includes(READY));
      ready.reject(
        closed ? new EngineLostError(`The SSH connection to ${name} was closed`) : error,
      );
    });
    try {
      await ready.promise;
    } finally {
      clearTimeout(timer);
    }
    if (!existsSync(socket)) {
      started.stdin.destroy();
      throw new ReportedError(3, `ssh cannot forward a socket to ${socket}: ${said.trim()}`);
    }
    connected = true;
    return { socket, said: () => said };
  };

  const ready = async (): Promise<Forward> => {
    if (closed) throw new EngineLostError(`The SSH connection to ${name} was closed`);
    if (current === null) {
      if (last !== null && performance.now() < notBefore) throw last;
      const starting = start();
      current = starting;
      // Who asked is told; whoever asks next begins anew.
      starting.catch(() => {
        if (current === starting) current = null;
      });
    }
    return await current;
  };

  return {
    connect: async () => connect((await ready()).socket),
    diagnose: async () => {
      try {
        const forward = await ready();
        const found = await look(remoteSocket, sshArguments(target, env), env);
        return explainSocket(name, remoteSocket, found, forward.said());
      } catch (error) {
        // An ssh that ended meanwhile says why.
        return error instanceof ReportedError ? error : null;
      }
    },
    close: () => {
      closed = true;
      child?.stdin.destroy();
    },
  };
}

/** A folder that the system's socket addresses have room for behind. */
function baseFolder(): string {
  const fits = (folder: string): boolean =>
    PLAIN_PATH.test(folder) &&
    Buffer.byteLength(path.join(folder, "sim-pipeline-ssh-XXXXXX", "docker.sock")) <= MOST_BYTES;
  return fits(tmpdir()) ? tmpdir() : "/tmp";
}

/** What a look at the socket on the host says: one of these words. */
const LOOK = (socket: string): string =>
  `s='${socket}'
if [ ! -e "$s" ]; then echo missing; elif [ ! -S "$s" ]; then echo other
elif [ ! -w "$s" ]; then echo denied
elif curl -s -m 5 --unix-socket "$s" http://docker/_ping >/dev/null 2>&1; then echo answers
else echo silent; fi
`;

/** Empty where the host does not let us look. */
async function look(socket: string, args: readonly string[], env: SshEnvironment): Promise<string> {
  const child = spawn("ssh", [...args, "sh"], {
    env: { ...env },
    stdio: ["pipe", "pipe", "ignore"],
    timeout: DIAGNOSIS_MS,
  });
  // A host that runs no commands breaks it; what it printed decides.
  child.stdin.on("error", () => {});
  child.on("error", () => child.stdout.destroy());
  child.stdin.end(LOOK(socket));
  return (await text(child.stdout).catch(() => "")).trim();
}

function explainSocket(name: string, socket: string, found: string, said: string): ReportedError {
  // sshd's words, if it says more than that it failed.
  const prohibited = /administratively prohibited/i.test(said);
  switch (prohibited ? "answers" : found) {
    case "missing":
      return new ReportedError(
        3,
        `${name} has no ${socket}: install and start Docker there, or name the daemon's socket, as ` +
          "ssh://host/run/user/1000/docker.sock for rootless Docker.",
      );
    case "other":
      return new ReportedError(3, `${socket} on ${name} is no socket: name the daemon's own.`);
    case "denied":
      return new ReportedError(
        3,
        `${name} may not use ${socket} there: add the user to the group docker on that host with ` +
          "`sudo usermod -aG docker $USER`, or connect as another one.",
      );
    case "answers":
      return new ReportedError(
        3,
        `sshd of ${name} forwards no sockets: set \`AllowStreamLocalForwarding yes\` and ` +
          "`AllowTcpForwarding yes` in its sshd_config, and see that the key in authorized_keys is " +
          "not restricted.",
      );
    case "silent":
      return new ReportedError(
        3,
        `Nobody answers at ${socket} on ${name}: start Docker there (\`systemctl start docker\`). ` +
          "If it runs, sshd there may forward no sockets (AllowStreamLocalForwarding).",
      );
    default:
      return new ReportedError(
        3,
        `Nobody answers at ${socket} on ${name}, and why cannot be seen from here: see that Docker ` +
          "runs there, that the user is in its group (`sudo usermod -aG docker $USER`), and that " +
          "sshd forwards sockets (AllowStreamLocalForwarding).",
      );
  }
}
