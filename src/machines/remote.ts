import { execFile } from "node:child_process";
import { explainSsh, SSH_CONFIG, type SshTarget, sshArguments } from "../engines/ssh.ts";
import { ReportedError } from "../sweep/errors.ts";
import { backoff, type Clock } from "./clock.ts";

/** What ssh exits with when the connection, and not the command, failed (ssh(1), EXIT STATUS). */
const CONNECTION_FAILED = 255;

/** Bytes of a command's output that are read at most. */
const MOST_OUTPUT = 1_000_000;

/** A machine by its name in an ssh configuration. */
export interface Remote {
  readonly name: string;
  readonly sshConfig: string;
}

/** A connection that did not come about; `lasting` where it will not by itself. */
export class ConnectionError extends ReportedError {
  override readonly name = "ConnectionError";
  readonly lasting: boolean;

  constructor(message: string, lasting: boolean, options?: ErrorOptions) {
    super(3, message, options);
    this.lasting = lasting;
  }
}

/**
 * What a shell command on a machine printed.
 *
 * @param options ssh settings besides our own, as `UserKnownHostsFile=...`.
 * @param input what the command reads: secrets go this way, never in the command.
 * @throws ConnectionError where it could not be reached, or was lost; ReportedError with what the
 *   command said where that failed.
 */
export async function runRemote(
  remote: Remote,
  command: string,
  signal: AbortSignal,
  options: readonly string[] = [],
  input = "",
): Promise<string> {
  const target: SshTarget = { user: null, host: remote.name, port: null };
  const env = { ...process.env, [SSH_CONFIG]: remote.sshConfig };
  return await runOn(target, env, command, { signal, options, input });
}

/** The same on a host that the user's own configuration of ssh leads to, or the one that `env` names. */
export async function runOn(
  target: SshTarget,
  env: NodeJS.ProcessEnv,
  command: string,
  how: {
    readonly signal: AbortSignal;
    readonly options?: readonly string[];
    readonly input?: string;
  },
): Promise<string> {
  const { signal, options = [], input = "" } = how;
  const words = [...sshArguments(target, env, options), command];
  const { code, stdout, stderr, error } = await run(words, env, input, signal);
  signal.throwIfAborted();
  if (error === null) return stdout;
  if (code === null || code === CONNECTION_FAILED) {
    const absent = "code" in error && error.code === "ENOENT";
    const failure = explainSsh(
      target,
      env,
      absent ? "ssh: not found" : stderr,
      absent ? 127 : code,
    );
    throw new ConnectionError(failure.message, failure.lasting, { cause: error });
  }
  const said = stderr.trim() === "" ? stdout.trim() : stderr.trim();
  throw new ReportedError(3, `a command on ${target.host} failed (exit ${code}): ${said}`, {
    cause: error,
  });
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly error: Error | null;
}

async function run(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  input: string,
  signal: AbortSignal,
): Promise<Ended> {
  return await new Promise((resolve) => {
    const child = execFile(
      "ssh",
      words,
      { signal, env, maxBuffer: MOST_OUTPUT, killSignal: "SIGKILL" },
      (error, stdout, stderr) => {
        resolve({ code: child.exitCode, stdout, stderr, error });
      },
    );
    // One that ended without reading it says why by its end.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}

/**
 * Tries again while the machine only is not reached yet, or is no longer for a while.
 * @param patience milliseconds.
 * @param booting milliseconds for what does not pass by itself, but may while a machine boots.
 * @throws ConnectionError the last one where patience ends.
 */
export async function untilReached<T>(
  tools: { readonly clock: Clock; readonly signal: AbortSignal },
  patience: number,
  attempt: () => Promise<T>,
  booting = 0,
): Promise<T> {
  const began = tools.clock.now();
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      const limit = error.lasting ? booting : patience;
      if (tools.clock.now() - began >= limit) throw error;
      // A machine that boots is asked often: every second of it is paid for.
      await tools.clock.wait(Math.min(3_000, backoff(tried)), tools.signal);
    }
  }
}
