import { Option } from "@commander-js/extra-typings";
import type { RunOptions, RunSummary } from "../index.ts";
import {
  allowOutsideOption,
  engineOption,
  exits,
  jsonOption,
  newCommand,
  paramOption,
  RESUME_MODES,
  setOption,
  wholeNumber,
  yesOption,
} from "./command.ts";
import { newDisplay } from "./display.ts";
import {
  countOption,
  deadlineOption,
  machineOptions,
  machinesOption,
  maxCostOption,
  regionOption,
  sizeOption,
} from "./machine-options.ts";
import { printJson, say } from "./output.ts";
import { listenToSignals } from "./signals.ts";
import { isWhole, summaryText } from "./summary.ts";
import { sweepPath } from "./sweep-path.ts";

/** `sim-pipeline run` */
export function runCommand() {
  return newCommand(
    "run",
    "Run a sweep. What succeeded before in the run folder is not run again.",
    [
      ["sim-pipeline run", "runs ./sweep.yaml into runs/<its name>"],
      ["sim-pipeline run sweep.yaml --build", "builds the image first"],
      ["sim-pipeline run sweep.yaml --engine process", "without Docker"],
      [
        "sim-pipeline run sweep.yaml --param seed=1-5 --set timeout=5m",
        "changes the sweep for once",
      ],
      ["sim-pipeline run sweep.yaml --resume failed", "only what failed before"],
      [
        "sim-pipeline run sweep.yaml --machines digitalocean --size c-8",
        "on a rented machine, given back at the end",
      ],
    ],
  )
    .argument("[sweep]", "sweep file, or the folder that has a sweep.yaml")
    .addOption(engineOption())
    .option("-o, --out <folder>", "run folder (default: runs/<sweep name>)")
    .addOption(paramOption())
    .addOption(setOption())
    .option("-w, --workers <number>", "tasks at once, or auto: what the engine offers", workers)
    .addOption(
      new Option("--resume <mode>", "what runs: auto, all that has not succeeded; off, everything")
        .choices(RESUME_MODES)
        .default("auto" as const),
    )
    .option("--verify", "read the outputs of finished points and compare their sha256")
    .option("--reuse <folder>", "take results from another run folder too (repeats)", again)
    .option("--build", "build the sweep's image before")
    .option("--parquet", "write results.parquet too")
    .addOption(machinesOption())
    .addOption(sizeOption())
    .addOption(regionOption())
    .addOption(countOption())
    .addOption(deadlineOption())
    .addOption(maxCostOption())
    .addOption(yesOption())
    .addOption(allowOutsideOption())
    .addOption(jsonOption())
    .action(
      exits(async (sweep, flags) => {
        const { param, json, machines, size, region, count, deadline, maxCost, ...rest } = flags;
        const rented = machineOptions({ machines, size, region, count, deadline, maxCost });
        const options = { ...rest, ...rented, sweep: sweepPath(sweep), params: param };
        return await run(options, json ?? false);
      }),
    );
}

function again(folder: string, earlier: string[] = []): string[] {
  return [...earlier, folder];
}

const atLeastOne = wholeNumber(1);

function workers(text: string): number | "auto" {
  return text === "auto" ? "auto" : atLeastOne(text);
}

async function run(options: RunOptions, json: boolean): Promise<number> {
  // Engines are loaded only now, so that --help and completion are quick.
  const { runSweep } = await import("../index.ts");
  let summary: RunSummary;
  let interrupted: number | null;
  {
    using display = newDisplay(process.stderr);
    using signals = listenToSignals(display.say);
    try {
      summary = await runSweep({
        ...options,
        signal: signals.stop,
        kill: signals.kill,
        onEvent: display.event,
      });
    } catch (error) {
      // What was cut off by the signal is no failure to tell about.
      const isCutOff =
        error === signals.stop.reason || (error instanceof Error && error.name === "AbortError");
      if (signals.stop.aborted && isCutOff) {
        display.say("Interrupted before any point was started.");
        return signals.exitCode() ?? 1;
      }
      throw error;
    }
    interrupted = signals.exitCode();
  }
  say(summaryText(summary));
  if (json) await printJson(summary);
  if (interrupted !== null) return interrupted;
  // What costs on is no end, whatever became of the points.
  if (summary.unreleased !== undefined) return 3;
  return isWhole(summary) ? 0 : 1;
}
