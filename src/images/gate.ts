import { ReportedError } from "../sweep/errors.ts";
import { type Environment, runCommand, withoutSecrets } from "./command.ts";

/** How many lines of a failed command an error quotes. */
const QUOTED_LINES = 20;

/**
 * Runs a test or lint command in the context's folder, as GitHub runs a step with `shell: bash`,
 * with no credentials in its environment.
 *
 * @throws ReportedError (3) where it fails, with the end of what it printed.
 */
export async function runGate(
  gate: { readonly name: "test" | "lint"; readonly command: string; readonly folder: string },
  env: Environment,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { name, command, folder } = gate;
  onLine(`${name}: ${command}`);
  const args = ["--noprofile", "--norc", "-eo", "pipefail", "-c", command];
  const { code, tail } = await runCommand(
    { program: "bash", args, folder, env: withoutSecrets(env) },
    onLine,
    signal,
  );
  if (code === 0) return;
  throw new ReportedError(
    3,
    [
      `The ${name} command failed with exit code ${code} in ${folder}: ${command}`,
      ...tail.slice(-QUOTED_LINES).map((line) => `  ${line}`),
      "Nothing was pushed. Run the command there by hand and correct what it names.",
    ].join("\n"),
  );
}
