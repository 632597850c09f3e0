/**
 * Runs the sweep of a JSON file (see lib/sweeps.ts) through the library, and prints what that took
 * of this process: until the first task could start, and in all.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { runSweep, sweepFromObject } from "../../src/index.ts";

const [file = ""] = process.argv.slice(2);
const options = z
  .object({
    sweep: z.record(z.string(), z.unknown()),
    points: z.number(),
    engine: z.enum(["docker", "process"]),
    workers: z.union([z.number(), z.literal("auto")]),
  })
  .parse(JSON.parse(readFileSync(file, "utf8")));

let workers = 0;
let start = { seconds: 0, cpuSeconds: 0 };
const folder = dirname(file);
const { counts, failures } = await runSweep({
  sweep: sweepFromObject(options.sweep, folder),
  engine: options.engine,
  workers: options.workers,
  out: join(folder, "run"),
  onEvent: (event) => {
    if (event.type !== "planned") return;
    workers = event.workers;
    start = { seconds: process.uptime(), cpuSeconds: cpuSeconds() };
  },
});
if (counts.succeeded !== options.points) {
  throw new Error(
    `${counts.succeeded} of ${options.points} succeeded: ${JSON.stringify(failures)}`,
  );
}
process.stdout.write(JSON.stringify({ workers, start, cpuSeconds: cpuSeconds() }));

/** Of this process: what it started is not in it. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
