// A random walk in the plane. Replace it with your own simulation, in any language: it gets its
// parameters as flags (or as JSON in $SIM_POINT) and writes files into the folder $SIM_OUTPUT.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { steps: { type: "string" }, seed: { type: "string" } } });
const steps = Number(values.steps);
if (!Number.isInteger(steps) || steps < 1) throw new Error("--steps: expected a number from 1");

const random = seededRandom(Number(values.seed));
const rows = ["step,x,y"];
let x = 0;
let y = 0;
for (let step = 1; step <= steps; step++) {
  const angle = 2 * Math.PI * random();
  x += Math.cos(angle);
  y += Math.sin(angle);
  rows.push(`${step},${x.toFixed(4)},${y.toFixed(4)}`);
}

const output = process.env.SIM_OUTPUT ?? ".";
writeFileSync(join(output, "walk.csv"), `${rows.join("\n")}\n`);
// A flat object of numbers, strings and booleans: a column each in results.csv.
const metrics = { distance: Math.hypot(x, y), expected: Math.sqrt(steps) };
writeFileSync(join(output, "result.json"), JSON.stringify(metrics));
console.log(`${steps} steps led ${metrics.distance.toFixed(1)} away`);

/** The same numbers for the same seed: mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
