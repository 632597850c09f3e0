import { exits, newCommand } from "../command.ts";
import { machineArgument } from "./options.ts";

/** `sim-pipeline machines ssh` */
export function sshCommand() {
  return newCommand(
    "ssh",
    "A shell on a machine, or a command there, which its shell reads as `ssh` would pass it. Exits " +
      "with the command's exit code; 255 where the connection fails.",
    [
      ["sim-pipeline machines ssh box", "a shell"],
      ["sim-pipeline machines ssh box -- docker ps -a", "a command"],
      ["sim-pipeline machines ssh -t box -- top", "one that wants a terminal"],
      ["sim-pipeline machines ssh pool-2 -- df -h", "on one of several"],
    ],
  )
    .addArgument(machineArgument())
    .argument("[command...]", "command and arguments (default: a shell)")
    .option("-t, --tty", "give the command a terminal")
    .passThroughOptions()
    .action(
      exits(async (name, words, { tty }) => {
        const { mention, namedOne, ownStore } = await import("./work.ts");
        const { runInPlace } = await import("../child.ts");
        const { MISSING_SSH, sshWords } = await import("./ssh-words.ts");
        const store = await ownStore();
        const { records } = await store.list();
        mention(records);
        const { machine } = namedOne(records, name);
        const command = words[0] === "--" ? words.slice(1) : words;
        return await runInPlace(
          "ssh",
          [...sshWords(store), ...(tty ? ["-t"] : []), "--", machine.name, ...command],
          { stdout: "inherit", missing: MISSING_SSH },
        );
      }),
    );
}
