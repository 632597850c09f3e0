import { inspect } from "node:util";
import { Command, CommanderError } from "@commander-js/extra-typings";
import packageJson from "../../package.json" with { type: "json" };
import { ReportedError } from "../sweep/errors.ts";
import { COMMANDS } from "./commands.ts";
import { flush, print, say, watchStreams } from "./output.ts";

const ISSUES = "https://github.com/org/sim-pipeline/issues";

/** sysexits.h: EX_SOFTWARE. Not 1, which says that points did not succeed. */
const BUG = 70;

/** Runs what the arguments say, then ends the process with the exit code. */
export async function main(args: readonly string[]): Promise<void> {
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

/** The command tree; of the commands only those that the arguments name are loaded whole. */
export async function makeProgram(args: readonly string[]): Promise<Command> {
  const program = new Command("sim-pipeline")
    .description("One sweep file in, every simulation run, every result back.")
    .version(packageJson.version, "-V, --version")
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText("after", START);
  for (const { name, summary, load } of COMMANDS) {
    if (!args.slice(0, 2).includes(name)) {
      program.command(name).description(summary).helpOption(false);
      continue;
    }
    const command = await load();
    command.copyInheritedSettings(program);
    command.showHelpAfterError(`See: sim-pipeline ${name} --help`);
    program.addCommand(command);
  }
  return program;
}

const START = `
Begin with \`sim-pipeline init my-sweep\`. Every command has --help with examples.
Exit codes: 0 all points succeeded, 1 some did not, 2 wrong use or a wrong sweep file,
3 engine, registry or folder refused, 130 and 143 interrupted.`;

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
  say(`Unexpected error in sim-pipeline ${packageJson.version}, Node ${process.version}:`);
  say(inspect(error));
  say(`Please report it with what you did: ${ISSUES}`);
  return BUG;
}
