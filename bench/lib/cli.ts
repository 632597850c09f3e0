import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import type { Bench } from "./bench.ts";
import { inRepository, runProgram } from "./processes.ts";

const USAGE = z.object({ maxRss: z.number(), cpuSeconds: z.number() });

export interface CliRun extends z.infer<typeof USAGE> {
  readonly seconds: number;
}

/**
 * Runs sim-pipeline in a fresh process with its output in the file `output` of the bench's folder.
 */
export async function runCli(self: Bench, args: readonly string[]): Promise<CliRun> {
  const preload = pathToFileURL(inRepository("bench/programs/usage.ts")).href;
  const main = inRepository("bin/sim-pipeline.js");
  const stdout = openSync(join(self.folder, "output"), "w");
  try {
    const command = [process.execPath, "--import", preload, main, ...args] as const;
    const { seconds } = await runProgram(command, { cwd: self.folder, stdout });
    const usage = readFileSync(join(self.folder, "usage.json"), "utf8");
    return { seconds, ...USAGE.parse(JSON.parse(usage)) };
  } finally {
    closeSync(stdout);
  }
}
