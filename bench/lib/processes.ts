import { type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** A program that ended well. */
export interface Ended {
  /** From its start to its end. */
  readonly seconds: number;
  readonly stdout: string;
}

interface Settings {
  readonly cwd: string;
  /** A file descriptor that takes the output; it is read where there is none. */
  readonly stdout?: number;
  readonly stdin?: string;
  /** Beside this process's own environment. */
  readonly env?: Readonly<NodeJS.ProcessEnv>;
}

/** The end of what a failed program printed, in characters. */
const MOST_SAID = 2000;

/**
 * Runs a program to its end.
 *
 * @throws Error with the end of what it printed where it does not exit with 0.
 */
export async function runProgram(
  command: readonly [string, ...string[]],
  settings: Settings,
): Promise<Ended> {
  const [program, ...args] = command;
  const stdio: SpawnOptions["stdio"] = ["pipe", settings.stdout ?? "pipe", "pipe"];
  const started = performance.now();
  const child = spawn(program, args, {
    cwd: settings.cwd,
    stdio,
    env: { ...process.env, ...settings.env },
  });
  child.stdin?.end(settings.stdin ?? "");
  const [stdout, stderr, [exitCode]] = await Promise.all([
    child.stdout === null ? "" : text(child.stdout),
    child.stderr === null ? "" : text(child.stderr),
    once(child, "exit"),
  ]);
  const seconds = (performance.now() - started) / 1000;
  if (exitCode !== 0) {
    const said = `${stdout}${stderr}`.slice(-MOST_SAID);
    throw new Error(`${command.join(" ")} ended with ${exitCode}:\n${said}`);
  }
  return { seconds, stdout };
}

/** Absolute path of a file of this repository, given from its root. */
export function inRepository(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** Whether a command that only looks for something succeeds. */
export async function succeeds(command: readonly [string, ...string[]]): Promise<boolean> {
  try {
    await runProgram(command, { cwd: inRepository(".") });
    return true;
  } catch {
    // Not there: the caller says what that means.
    return false;
  }
}
