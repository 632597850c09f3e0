import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { ReportedError } from "../sweep/errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly folder?: string;
  readonly env: Environment;
}

export interface Ended {
  /** 128 and more for an end by a signal, as shells count. */
  readonly code: number;
  /** The last lines of both streams, as they came. */
  readonly tail: readonly string[];
}

const TAIL_LINES = 40;
const GRACE_MS = 3_000;

/**
 * Runs a program without input until it ends, in a process group of its own, of which nothing is
 * left then. An abort ends it: SIGTERM, and SIGKILL three seconds later.
 *
 * @throws the signal's reason, and ReportedError (3) for a program that is not there.
 */
export async function runCommand(
  command: Command,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<Ended> {
  signal.throwIfAborted();
  const { program, args, folder, env } = command;
  const child = spawn(program, [...args], {
    cwd: folder,
    env: { ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const tail: string[] = [];
  const read = async (stream: Readable) => {
    for await (const line of createInterface({
      input: stream,
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      onLine(line);
    }
  };
  const done = new AbortController();
  const onAbort = () => void end(child, done.signal);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const ending = once(child, "exit").then(([code, name]) => {
      // Background processes would hold the pipes open.
      killGroup(child, "SIGKILL");
      return typeof code === "number" ? code : name === "SIGKILL" ? 137 : 143;
    });
    const [code] = await Promise.all([ending, read(child.stdout), read(child.stderr)]);
    signal.throwIfAborted();
    return { code, tail };
  } catch (cause) {
    killGroup(child, "SIGKILL");
    signal.throwIfAborted();
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") {
      throw new ReportedError(3, `There is no program ${program} on the PATH: install it.`, {
        cause,
      });
    }
    throw cause;
  } finally {
    done.abort();
    signal.removeEventListener("abort", onAbort);
  }
}

async function end(child: ChildProcess, done: AbortSignal): Promise<void> {
  killGroup(child, "SIGTERM");
  try {
    await delay(GRACE_MS, undefined, { signal: done });
  } catch {
    return; // It has ended.
  }
  killGroup(child, "SIGKILL");
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nothing is left of it.
  }
}

/** What carries credentials by its name, and the files by which a step speaks to the runner. */
const SECRET = new RegExp(
  [
    "^(INPUT|ACTIONS|STATE)_",
    "^GITHUB_(ENV|PATH|OUTPUT|STATE|STEP_SUMMARY)$",
    "TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|AUTH_CONFIG",
  ].join("|"),
  "i",
);

/**
 * The environment for programs that a repository's own code decides: without the inputs of the
 * action, the runner's own tokens and files, and all that is named like a credential.
 */
export function withoutSecrets(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !SECRET.test(name)));
}
