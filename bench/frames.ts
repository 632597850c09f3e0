/**
 * The raytracer in containers: one frame as tiles against one frame on two threads, and what many
 * small frames lose to starting what renders them.
 */
import { missingCommand } from "./lib/baselines.ts";
import { bench } from "./lib/bench.ts";
import { inRepository, runProgram } from "./lib/processes.ts";
import type { Goal } from "./lib/report.ts";
import { type Contestant, interleave } from "./lib/rounds.ts";
import { runSweepProgram } from "./lib/sweeps.ts";

const IMAGE = "ghcr.io/org/sim-pipeline/raytracer:latest";
const LARGE = ["--scene=glass-balls", "--width=1600", "--height=1200", "--samples=16"];
const FRAMES = 24;
const SMALL = ["--scene=glass-balls", "--frames=24", "--width=320", "--height=180"];

await bench("raytracer in containers, 2 at once", { rounds: 2 }, async (self) => {
  const missing = await missingCommand(["docker", "version"], "apt-get install docker.io");
  if (missing === null) {
    self.say("building the image");
    const few = ["--param", "frame=0", "--param", "samples=1", "--set", "finish=[]"];
    const sweep = inRepository("sims/raytracer/sweep.yaml");
    const args = ["run", sweep, "--build", "--engine", "docker", ...few, "--out", "built"];
    const main = inRepository("bin/sim-pipeline.js");
    await runProgram([process.execPath, main, ...args], { cwd: self.folder });
  }
  const seconds = async (
    engine: "docker" | "process",
    points: number,
    how: Readonly<Record<string, unknown>>,
  ) => {
    const main = inRepository("sims/raytracer/main.ts");
    const sweep = { name: "bench", image: IMAGE, process: ["node", main], ...how };
    return (await runSweepProgram(self, { sweep, points, engine, workers: 2 })).seconds;
  };
  const contestant = (name: string, measure: () => Promise<number>): Contestant => ({
    name,
    missing,
    measure,
  });
  const tile = ["--tile={{ column }},{{ row }},2,2", "--threads=1"];
  const pictures = [
    contestant("one frame, one container of 2 threads", () =>
      seconds("docker", 1, { parameters: { seed: [1] }, command: [...LARGE, "--threads=2"] }),
    ),
    contestant("the same as 4 tiles in 2 containers", () =>
      seconds("docker", 4, {
        parameters: { row: [0, 1], column: [0, 1] },
        command: [...LARGE, ...tile],
      }),
    ),
  ];
  const frames = { parameters: { frame: { range: `0-${FRAMES - 1}` } } };
  const single = [...SMALL, "--frame={{ frame }}", "--samples=16", "--threads=1"];
  // A batch has its parameters from a file; what is the same for all stands in the command.
  const batch = [...SMALL, "--samples=16", "--threads=1"];
  const films = [
    contestant(`${FRAMES} frames, a fresh container each`, () =>
      seconds("docker", FRAMES, { ...frames, command: single }),
    ),
    contestant(`${FRAMES} frames, warm`, () =>
      seconds("docker", FRAMES, { ...frames, command: single, isolation: "warm" }),
    ),
    contestant(`${FRAMES} frames, 2 batches`, () =>
      seconds("docker", FRAMES, { ...frames, command: batch, isolation: { batch: FRAMES / 2 } }),
    ),
    contestant(`${FRAMES} frames, 2 batches without containers`, () =>
      seconds("process", FRAMES, { ...frames, command: batch, isolation: { batch: FRAMES / 2 } }),
    ),
  ];
  const unit = { ...self, unit: "s" };
  const series = [...(await interleave(pictures, unit)), ...(await interleave(films, unit))];
  const [whole, tiles, ...rest] = series.map(({ values }) => values);
  const floor = rest.at(-1);
  const ratio = (a: readonly number[] = [], b: readonly number[] = []) =>
    a.map((value, i) => value / (b[i] ?? Number.NaN));
  const lost = (values: readonly number[] = []) =>
    values.map((value, i) => 100 * (1 - (floor?.[i] ?? Number.NaN) / value));
  const goals: Goal[] = [
    {
      name: "4 tiles against one frame",
      values: ratio(tiles, whole),
      unit: "",
      want: { most: 1.1 },
    },
    { name: "lost to start-up, fresh containers", values: lost(rest[0]), unit: "%", want: null },
    { name: "lost to start-up, warm", values: lost(rest[1]), unit: "%", want: null },
    { name: "lost to start-up, batches", values: lost(rest[2]), unit: "%", want: null },
  ];
  return {
    series,
    goals: missing === null ? goals : [],
    skipped: missing === null ? [] : [{ name: "Docker", install: missing }],
    notes: ["Lost is what batches without containers, the last row, do not take."],
  };
});
