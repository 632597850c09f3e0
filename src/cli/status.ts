import { setTimeout } from "node:timers/promises";
import { counted, duration, grouped, rate, shortPath } from "../report/units.ts";
import { readDatabase } from "../results/database.ts";
import type { RunFolder } from "../results/folder.ts";
import { allFailures, type Failed, type RunStatus, runStatus } from "../results/status.ts";
import { exits, jsonOption, newCommand } from "./command.ts";
import { harmless, isClosed, print, printJson } from "./output.ts";
import { cut, width } from "./progress.ts";
import { runFolderOf } from "./run-folder.ts";
import { costLine, statusStyle, statusTable } from "./summary.ts";

/** Running and failed points that are listed. */
const LISTED = 10;

/** `sim-pipeline status` */
export function statusCommand() {
  return newCommand("status", "How a run stands, also while it goes on elsewhere.", [
    ["sim-pipeline status", "the latest run under ./runs"],
    ["sim-pipeline status runs/pi --watch", "again and again until it ends"],
    ["sim-pipeline status runs/pi --failed", "every point that failed, with its reason"],
    ["sim-pipeline status runs/pi --json", "for other programs"],
  ])
    .argument("[run]", "run folder (default: the latest under ./runs)")
    .option("--watch", "show it anew every second until the run ends")
    .option("--failed", "list every point that ended without success")
    .addOption(jsonOption())
    .action(
      exits(async (argument, { watch, failed, json }) => {
        const folder = runFolderOf(argument);
        using database = readDatabase(folder);
        if (failed) {
          await print(failedList(allFailures(database), json ?? false));
          return 0;
        }
        const read = () => runStatus(database, folder, { now: Date.now() / 1000, limit: LISTED });
        if (!watch) {
          const status = read();
          await (json ? printJson(withFolder(status, folder)) : print(statusText(status, folder)));
          return 0;
        }
        await watchStatus(read, folder, json ?? false);
        return 0;
      }),
    );
}

function withFolder(status: RunStatus, folder: RunFolder) {
  return { folder: folder.root, ...status };
}

function* failedList(failures: Iterable<Failed>, json: boolean): Iterable<string> {
  for (const failure of failures) {
    yield json ? `${JSON.stringify(failure)}\n` : `${failedLine(failure)}\n`;
  }
}

function failedLine({ name, status, reason }: Failed, columns = Number.POSITIVE_INFINITY): string {
  const why =
    reason === null ? "" : cut(`: ${harmless(reason)}`, columns - width(name) - 2 - status.length);
  return `${name}  ${statusStyle(status, status, process.stdout)}${why}`;
}

/** Shows the status until nobody runs any more. */
async function watchStatus(read: () => RunStatus, folder: RunFolder, json: boolean): Promise<void> {
  const isScreen = process.stdout.isTTY && !json;
  const shown = (status: RunStatus): string => {
    if (json) return `${JSON.stringify(withFolder(status, folder))}\n`;
    const text = statusText(status, folder);
    return isScreen ? redrawn(text) : text;
  };
  if (isScreen) await print("\x1b[2J");
  for (;;) {
    const before = performance.now();
    const status = read();
    const took = performance.now() - before;
    await print(shown(status));
    if (!status.alive || isClosed()) return;
    // A clock, not a wait for an event; reading a very large run takes no more than a tenth.
    await setTimeout(Math.max(1000, took * 9));
  }
}

/** The text from the top of the screen, over what was there, without a flicker. */
function redrawn(text: string): string {
  return `\x1b[H${text.replaceAll("\n", "\x1b[K\n")}\x1b[J`;
}

/** A run's status for people. */
function statusText(status: RunStatus, folder: RunFolder): string {
  const { execution, counts, running, failures } = status;
  const path = shortPath(folder.root);
  const columns = process.stdout.columns || Number.POSITIVE_INFINITY;
  const lines = [`${status.sweep}: ${counted(status.points, "point")} in ${path}`];
  lines.push(stateLine(status));
  if (execution !== null) {
    const { engine, image } = execution;
    lines.push(`${engine} (${harmless(image)}), ${counted(execution.workers, "worker")}`);
  }
  lines.push("", ...statusTable(counts, status.cached, process.stdout));
  if (status.alive && status.rate !== null) {
    const eta = status.eta === null ? "" : `, ETA ${duration(status.eta)}`;
    lines.push("", `${rate(status.rate)}${eta}`);
  }
  if (status.cost !== null) lines.push("", `cost  ${costLine(status.cost)}`);
  if (running.length > 0) {
    lines.push("", status.alive ? "running" : "was running when its orchestrator died");
    for (const { name, attempt, seconds } of running) {
      const again = attempt > 1 ? `, attempt ${attempt}` : "";
      lines.push(`  ${name}  ${status.alive ? duration(seconds) : ""}${again}`);
    }
    const more = counts.running - running.length;
    if (more > 0) lines.push(`  and ${grouped(more)} more`);
  }
  if (failures.length > 0) {
    lines.push("", "last failures");
    lines.push(...failures.map((failure) => `  ${failedLine(failure, columns - 2)}`));
    lines.push(`  see: sim-pipeline logs ${path} ${failures[0]?.name ?? "POINT"}`);
  }
  return `${lines.join("\n")}\n`;
}

function stateLine({ alive, execution, todo, counts }: RunStatus): string {
  if (execution === null) return "not started";
  const { pid, host, started, ended } = execution;
  const since = new Date(started).toLocaleString("sv-SE");
  if (alive) return `running since ${since} (pid ${pid} on ${host})`;
  if (ended === null) return `stopped early, started ${since}; the next run goes on`;
  const rest = todo + counts.cancelled;
  const left = rest > 0 ? `, ${counted(rest, "point")} left` : "";
  return `ended ${new Date(ended).toLocaleString("sv-SE")}${left}`;
}
