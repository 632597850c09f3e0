import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { ReportedError } from "../sweep/errors.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/**
 * Runs a program in this one's place, with its terminal. Signals that this process gets are the
 * program's to act on. Resolves with the exit code as a shell has it: 128 and its number for a signal.
 *
 * @param options.stdout where the program's standard output goes: `inherit`, or to standard error.
 * @throws ReportedError (3) where the program cannot be started.
 */
export async function runInPlace(
  program: string,
  args: readonly string[],
  options: { readonly stdout: "inherit" | "stderr"; readonly missing: string },
): Promise<number> {
  const stdout = options.stdout === "inherit" ? "inherit" : 2;
  const child = spawn(program, args, { stdio: ["inherit", stdout, "inherit"] });
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, forward);
  try {
    const [code, signal]: unknown[] = await once(child, "close");
    return typeof code === "number" ? code : 128 + numberOf(signal);
  } catch (cause) {
    const absent = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new ReportedError(3, absent ? options.missing : `Cannot run ${program}: ${text}`, {
      cause,
    });
  } finally {
    for (const signal of SIGNALS) process.off(signal, forward);
  }
}

function numberOf(signal: unknown): number {
  const known: Readonly<Record<string, number>> = constants.signals;
  return (typeof signal === "string" ? known[signal] : undefined) ?? 0;
}
