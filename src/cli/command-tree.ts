import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";

/** A command as its parent's `--help` shows it. */
export interface CommandFile {
  readonly name: string;
  readonly summary: string;
  /** Loads what the command needs; the others cost nothing. */
  readonly load: () => Promise<CommandUnknownOpts>;
  /** The commands behind its name, for one that does nothing itself. */
  readonly subcommands?: () => Promise<readonly CommandFile[]>;
}

/**
 * Adds commands to their parent, of which only those that the arguments name are loaded whole.
 * @param args those behind the parent's name, which is `path`.
 */
export async function addCommands(
  parent: CommandUnknownOpts,
  files: readonly CommandFile[],
  args: readonly string[],
  path: string,
): Promise<void> {
  // Words behind the command's name are its own: `machines ssh NAME ls -l`.
  parent.enablePositionalOptions();
  for (const { name, summary, load, subcommands } of files) {
    // The second one for `help NAME`.
    const place = args.slice(0, 2).indexOf(name);
    if (place === -1) {
      const stub = new Command(name).copyInheritedSettings(parent).helpOption(false);
      parent.addCommand(stub.description(summary));
      continue;
    }
    const command = await load();
    command.copyInheritedSettings(parent);
    command.showHelpAfterError(`See: ${path} ${name} --help`);
    parent.addCommand(command);
    if (subcommands === undefined) continue;
    await addCommands(command, await subcommands(), args.slice(place + 1), `${path} ${name}`);
  }
}
