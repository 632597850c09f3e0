import { exits, newCommand } from "../command.ts";

/** `sim-pipeline machines cp` */
export function cpCommand() {
  return newCommand(
    "cp",
    "Copies a file or a folder to a machine, from one, or between two. A path without a slash at " +
      "its beginning is in the machine user's home folder.",
    [
      ["sim-pipeline machines cp model.bin box:", "into the home folder"],
      ["sim-pipeline machines cp box:/var/log/sim-pipeline-setup.log .", "from the machine"],
      ["sim-pipeline machines cp data pool-1:/tmp/data", "a folder with all that is in it"],
    ],
  )
    .argument("<from>", "a local path, or MACHINE:path")
    .argument("<to>", "a local path, or MACHINE:path")
    .action(
      exits(async (from, to) => {
        const { mention, ownStore } = await import("./work.ts");
        const { runInPlace } = await import("../child.ts");
        const { MISSING_SSH, sshWords } = await import("./ssh-words.ts");
        const { copyWords } = await import("./copy-words.ts");
        const store = await ownStore();
        const { records } = await store.list();
        mention(records);
        return await runInPlace("scp", [...sshWords(store), ...copyWords(records, from, to)], {
          stdout: "stderr",
          missing: MISSING_SSH,
        });
      }),
    );
}
