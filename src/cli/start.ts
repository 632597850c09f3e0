import { inspect } from "node:util";
import { CommanderError } from "@commander-js/extra-typings";
import packageJson from "../../package.json" with { type: "json" };
import { ReportedError } from "../sweep/errors.ts";
import { flush, print, say, watchStreams } from "./output.ts";
import { makeProgram } from "./program.ts";

const ISSUES = "https://github.com/org/sim-pipeline/issues";

/** sysexits.h: EX_SOFTWARE. Not 1, which says that points did not succeed. */
const BUG = 70;

/** Runs what the arguments say, then ends the process with the exit code. */
export async function start(args: readonly string[]): Promise<void> {
  watchStreams();
  process.on("uncaughtException", (error) => process.exit(report(error)));
  try {
    if (args[0] === "__complete") {
      const { complete } = await import("./complete.ts");
      await print(await complete(args.slice(1)));
      return await end();
    }
    const program = await makeProgram(args);
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = report(error);
  }
  await end();
}

/** Ends the process when all is printed; what is still open then, nobody waits for. */
async function end(): Promise<never> {
  await flush();
  process.exit();
}

/** Says what went wrong, in the way that fits it. Returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has printed its message, or the help.
    return error.exitCode === 0 ? 0 : 2;
  }
  if (error instanceof ReportedError) {
    say(error.message);
    return error.exitCode;
  }
  if (isDamage(error)) {
    say(`The run's database run.db is damaged: ${error.message}.`);
    say("Run into another folder with --out, or remove run.db to run everything again.");
    return 3;
  }
  say(`Unexpected error in sim-pipeline ${packageJson.version}, Node ${process.version}:`);
  say(inspect(error));
  say(`Please report it with what you did: ${ISSUES}`);
  return BUG;
}

/** SQLITE_CORRUPT and SQLITE_NOTADB, which may show at any query: https://sqlite.org/rescode.html */
function isDamage(error: unknown): error is Error {
  if (!(error instanceof Error) || !("errcode" in error)) return false;
  return error.errcode === 11 || error.errcode === 26;
}
