import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { estimatePi } from "./pi.ts";
import { newPlot } from "./plot.ts";
import { encodePng } from "./png.ts";
import { type RawParameters, type Result, type Simulation, wholeNumber } from "./protocol.ts";
import { seededRandom } from "./random.ts";

interface Parameters {
  iterations: number;
  seed: number;
}

const MOST_ITERATIONS = 1e9;

const usage = `Estimates pi from random points.

Usage: node main.ts --iterations N --seed N [--output FOLDER]

  --iterations N   points to draw, 1 to ${MOST_ITERATIONS}
  --seed N         start of the random numbers, a whole number from 0
  -o, --output     folder of points.png and result.json
                   (default: $SIM_OUTPUT, else /mnt/data where it exists, else out)
  -h, --help       this text

With $SIM_POINTS, runs every point of that file; see README.md.`;

/** Estimates π and plots the points; as sim-pipeline runs it. */
export const simulation: Simulation<Parameters> = {
  usage,
  flags: { iterations: { type: "string" }, seed: { type: "string" } },
  check,
  run,
};

function check(raw: RawParameters): Parameters {
  return {
    iterations: wholeNumber(raw, "iterations", 1, MOST_ITERATIONS),
    seed: wholeNumber(raw, "seed", 0, Number.MAX_SAFE_INTEGER),
  };
}

/** Writes points.png; the metrics are the estimate, its distance from π, and seconds taken. */
function run({ iterations, seed }: Parameters, output: string): Result {
  const started = performance.now();
  const plot = newPlot();
  const estimate = estimatePi(iterations, seededRandom(seed), plot.draw);
  writeFileSync(join(output, "points.png"), encodePng(plot));
  return {
    estimate,
    error: Math.abs(estimate - Math.PI),
    duration: (performance.now() - started) / 1000,
  };
}
