import { Argument } from "@commander-js/extra-typings";
import { exits, newCommand } from "./command.ts";
import { print } from "./output.ts";
import { SCRIPTS, SHELLS } from "./shells.ts";

/** `sim-pipeline completion` */
export function completionCommand() {
  return newCommand("completion", "A script that lets your shell complete commands and flags.", [
    ['eval "$(sim-pipeline completion bash)"', "a line for ~/.bashrc"],
    ['eval "$(sim-pipeline completion zsh)"', "a line for ~/.zshrc, behind compinit"],
    ["sim-pipeline completion fish | source", "a line for ~/.config/fish/config.fish"],
  ])
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS))
    .action(
      exits(async (shell) => {
        await print(SCRIPTS[shell]);
        return 0;
      }),
    );
}
