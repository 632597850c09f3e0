import { error as annotate, debug, setFailed } from "@actions/core";
import packageJson from "../../package.json" with { type: "json" };
import { flush } from "../cli/output.ts";
import { formatDiagnostic, ReportedError, SweepError } from "../sweep/errors.ts";

/**
 * Runs an action's body and ends the process: with 1 and an annotation where the body threw, else
 * with the exit code that the body has set. Sockets and timers that are still open then, nobody
 * waits for: an idle connection to GitHub's API would keep the step for minutes.
 */
export async function action(body: () => void | Promise<void>): Promise<never> {
  // What no await sees: an event handler that throws, a rejected promise that nobody holds.
  process.once("uncaughtException", (error) => {
    report(error);
    process.exit();
  });
  // Nothing is left that could settle the promise the body waits for.
  const stuck = () => {
    report(new Error("the action ended before its work was done"));
    process.exit();
  };
  process.once("beforeExit", stuck);
  try {
    await body();
  } catch (error) {
    report(error);
  }
  process.off("beforeExit", stuck);
  // Pipes are written synchronously on some systems only.
  await flush();
  process.exit();
}

/** Annotates the step with what went wrong; the stacks are in the log of a run with debug logging. */
function report(error: unknown): void {
  debug(stacks(error));
  if (error instanceof SweepError) {
    // One annotation each, at its line of the sweep file.
    process.exitCode = 1;
    for (const diagnostic of error.diagnostics) {
      const { file, line, column } = diagnostic;
      // Overrides are no file that an annotation could stand in.
      const isFlag = file.startsWith("--");
      const place = line === 0 || isFlag ? {} : { file, startLine: line, startColumn: column };
      annotate(formatDiagnostic(diagnostic), place);
    }
    return;
  }
  if (error instanceof ReportedError) {
    setFailed(error.message);
    return;
  }
  const { GITHUB_SERVER_URL: server, GITHUB_ACTION_REPOSITORY: repository } = process.env;
  const issues = repository ? `${server}/${repository}/issues` : "the action's repository";
  setFailed(
    `Unexpected error in sim-pipeline ${packageJson.version}, Node ${process.version}: ` +
      `${error instanceof Error ? error.message : shown(error)}\n` +
      "This is a fault of the action. Run it again with debug logging for the whole story, " +
      `and report that at ${issues}`,
  );
}

/** The stacks of an error and its causes. No other properties: they may hold a request's headers. */
function stacks(error: unknown): string {
  const found: string[] = [];
  for (let at = error; at !== undefined && found.length < 10; ) {
    found.push(at instanceof Error ? (at.stack ?? at.message) : shown(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  return found.join("\ncaused by ");
}

/** A thrown value that is no error. Only a string can be shown: objects may hold secrets. */
function shown(value: unknown): string {
  return typeof value === "string" ? value : `a thrown ${value === null ? "null" : typeof value}`;
}
