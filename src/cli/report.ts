import { spawn } from "node:child_process";
import { once } from "node:events";
import { shortPath } from "../report/units.ts";
import { ReportedError } from "../sweep/errors.ts";
import { exits, newCommand } from "./command.ts";
import { print, say } from "./output.ts";
import { runFolderOf } from "./run-folder.ts";

/** `sim-pipeline report` */
export function reportCommand() {
  return newCommand("report", "A run as a page to look at, or what changed between two runs.", [
    ["sim-pipeline report", "writes report.html of the latest run under ./runs anew"],
    ["sim-pipeline report runs/pi --open", "and shows it in the browser"],
    ["sim-pipeline report runs/before runs/after", "compares them, in runs/after/compare.html"],
  ])
    .argument("[run]", "run folder (default: the latest under ./runs)")
    .argument("[other run]", "a later run, to be compared with the first")
    .option("--open", "open the page in the browser")
    .action(
      exits(async (argument, other, { open }) => {
        const { writeComparison, writeReport } = await import("../report/report.ts");
        const { root } = runFolderOf(argument);
        const path =
          other === undefined
            ? await writeReport(root)
            : await writeComparison(root, runFolderOf(other).root);
        await print(`${shortPath(path)}\n`);
        if (open) await openFile(path);
        return 0;
      }),
    );
}

/**
 * Opens a file with what the system has for it, and does not wait for that to end.
 *
 * @throws ReportedError (3) where the system has nothing.
 */
async function openFile(path: string): Promise<void> {
  const [program, ...args] = opener(process.platform, path);
  const child = spawn(program, args, { detached: true, stdio: "ignore" });
  try {
    await once(child, "spawn");
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new ReportedError(3, `Cannot open the page: ${text}\nOpen it yourself: ${path}`, {
      cause,
    });
  }
  child.unref();
  say(`Opened ${shortPath(path)}`);
}

/** The program that opens a file, and its arguments. */
export function opener(platform: NodeJS.Platform, path: string): [string, ...string[]] {
  if (platform === "darwin") return ["open", path];
  if (platform === "win32") return ["explorer.exe", path];
  return ["xdg-open", path];
}
