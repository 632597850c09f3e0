import { Command } from "@commander-js/extra-typings";
import packageJson from "../../package.json" with { type: "json" };
import { addCommands } from "./command-tree.ts";
import { COMMANDS } from "./commands.ts";

/** The command tree; of the commands only those that the arguments name are loaded whole. */
export async function makeProgram(args: readonly string[]): Promise<Command> {
  const program = new Command("sim-pipeline")
    .description("One sweep file in, every simulation run, every result back.")
    .version(packageJson.version, "-V, --version")
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText("after", START);
  await addCommands(program, COMMANDS, args, "sim-pipeline");
  return program;
}

const START = `
Begin with \`sim-pipeline init my-sweep\`. Every command has --help with examples.
Exit codes: 0 all points succeeded, 1 some did not, 2 wrong use or a wrong sweep file,
3 engine, registry, provider or folder refused, 130 and 143 interrupted.`;
