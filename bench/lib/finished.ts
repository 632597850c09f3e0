import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bench, CACHE } from "./bench.ts";
import { inRepository, runProgram } from "./processes.ts";

export const POINTS = 100_000;

const SWEEP = `name: finished
process: [node, simulation.ts]
parameters:
  rate: { linspace: [0, 1, 100] }
  seed: { range: "1-1000" }
command: []
isolation: { batch: 500 }
`;

/**
 * A run folder of 100,000 succeeded points with three metrics each, and its sweep. It is made once,
 * by a run in batches, and kept for the next time; a run that was cut short goes on.
 */
export async function finishedRun(self: Bench): Promise<{ sweep: string; run: string }> {
  const folder = join(CACHE, "finished");
  mkdirSync(folder, { recursive: true });
  const sweep = join(folder, "sweep.yaml");
  const run = join(CACHE, "finished-run");
  writeFileSync(sweep, SWEEP);
  copyFileSync(inRepository("bench/programs/simulation.ts"), join(folder, "simulation.ts"));
  self.say("making a run of 100,000 points, or finding it made");
  const main = inRepository("bin/sim-pipeline.js");
  const args = [main, "run", sweep, "--engine", "process", "--out", run];
  await runProgram([process.execPath, ...args], { cwd: folder });
  return { sweep, run };
}
