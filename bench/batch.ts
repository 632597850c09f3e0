/** Batches of 100 points a process, against a fresh container for each point. */
import { missingCommand } from "./lib/baselines.ts";
import { bench } from "./lib/bench.ts";
import { compareRates } from "./lib/compare.ts";
import { inRepository, runProgram } from "./lib/processes.ts";
import { runSweepProgram } from "./lib/sweeps.ts";

const BATCHED = 2000;
const FRESH = 40;

const IMAGE = "ghcr.io/org/sim-pipeline/monte-carlo-pi:latest";
const title = `monte-carlo-pi, 1,000 iterations a point: ${BATCHED} points in batches of 100, ${FRESH} fresh`;

await bench(title, { rounds: 4 }, async (self) => {
  const missing = await missingCommand(["docker", "version"], "apt-get install docker.io");
  if (missing === null) {
    self.say("building the image");
    const sweep = inRepository("sims/monte-carlo-pi/sweep.yaml");
    const few = ["--param", "iterations=1", "--param", "seed=1", "--out", "built"];
    const main = inRepository("bin/sim-pipeline.js");
    const args = [main, "run", sweep, "--build", "--engine", "docker", ...few];
    await runProgram([process.execPath, ...args], { cwd: self.folder });
  }
  const rate = async (points: number, how: Readonly<Record<string, unknown>>) => {
    const parameters = { iterations: [1000], seed: { range: `1-${points}` } };
    const sweep = { name: "bench", image: IMAGE, parameters, outputs: ["points.png"], ...how };
    const options = { sweep, points, engine: "docker", workers: "auto" } as const;
    return (await runSweepProgram(self, options)).rate;
  };
  return await compareRates(
    self,
    {
      name: "batches of 100",
      missing,
      measure: () => rate(BATCHED, { command: [], isolation: { batch: 100 } }),
    },
    [
      {
        name: "fresh containers",
        missing,
        measure: () =>
          rate(FRESH, {
            command: ["--iterations", "{{ iterations }}", "--seed", "{{ seed }}"],
          }),
        goal: 100,
      },
    ],
  );
});
