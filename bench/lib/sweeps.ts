import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Bench } from "./bench.ts";
import { inRepository, runProgram } from "./processes.ts";

const TOOK = z.object({
  workers: z.number(),
  start: z.object({ seconds: z.number(), cpuSeconds: z.number() }),
  cpuSeconds: z.number(),
});

export interface SweepRun extends z.infer<typeof TOOK> {
  /** From the start of the process to its end. */
  readonly seconds: number;
  /** Points a second over all these seconds. */
  readonly rate: number;
  /** Milliseconds of this process's CPU for a point, from when the first task could start. */
  readonly cpuPerPoint: number;
}

export interface SweepOptions {
  /** As a sweep file has it; it must have this many points. */
  readonly sweep: Readonly<Record<string, unknown>>;
  readonly points: number;
  readonly engine: "docker" | "process";
  readonly workers: number | "auto";
  /** Beside this process's own environment: which daemon. */
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  /** The daemon sees another folder in the run folder's place, as one on another machine does. */
  readonly apart?: boolean;
}

/** Runs the rest of its arguments where the second folder is mounted at the place of the first. */
const APART = 'mount --bind "$2" "$1" && shift 2 && exec "$@"';

let runs = 0;

/** Runs a sweep through the library, in a fresh process and a fresh run folder. */
export async function runSweepProgram(self: Bench, options: SweepOptions): Promise<SweepRun> {
  const folder = join(self.folder, `sweep-${runs++}`);
  mkdirSync(folder);
  const file = join(folder, "sweep.json");
  const { env = {}, apart = false, ...read } = options;
  writeFileSync(file, JSON.stringify(read));
  const program = [process.execPath, inRepository("bench/programs/run-sweep.ts"), file] as const;
  const [run, hidden] = [join(folder, "run"), join(folder, "hidden")];
  if (apart) for (const one of [run, hidden]) mkdirSync(one);
  const { seconds, stdout } = await runProgram(
    apart ? ["unshare", "--mount", "sh", "-c", APART, "sh", run, hidden, ...program] : program,
    { cwd: folder, env },
  );
  rmSync(folder, { recursive: true });
  const took = TOOK.parse(JSON.parse(stdout));
  const { points } = options;
  const cpuPerPoint = ((took.cpuSeconds - took.start.cpuSeconds) * 1000) / points;
  return { ...took, seconds, rate: points / seconds, cpuPerPoint };
}

/** Small, and has a shell. */
export const BUSYBOX = "busybox:stable";

/** Runs `true` as so many containers, or points of warm ones. */
export async function runContainers(
  self: Bench,
  points: number,
  workers: number | "auto",
  isolation: "container" | "warm" = "container",
): Promise<SweepRun> {
  const sweep = {
    name: "bench",
    image: BUSYBOX,
    parameters: { i: { range: `1-${points}` } },
    command: ["true"],
    isolation,
  };
  return await runSweepProgram(self, { sweep, points, engine: "docker", workers });
}
