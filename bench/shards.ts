/** A plan of many points cut into as many shards as a matrix can have. */
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { bench } from "./lib/bench.ts";
import { inRepository, runProgram } from "./lib/processes.ts";
import { interleave } from "./lib/rounds.ts";

const POINTS = 100_000;
const SWEEP = `name: wide
image: busybox
parameters:
  rate: { linspace: [0, 1, 100] }
  seed: { range: "1-1000" }
command: ["--rate", "{{ rate }}", "--seed", "{{ seed }}"]
`;
const MADE = z.object({ points: z.number(), matrix: z.string() });

await bench("plan 100,000 points into 256 shards", { rounds: 5 }, async (self) => {
  const { folder, rounds, say } = self;
  const root = join(folder, "repository");
  mkdirSync(root);
  writeFileSync(join(root, "sweep.yaml"), SWEEP);
  const tar = join(folder, "plan.tar");
  const sizes = { tar: [] as number[], matrix: [] as number[] };
  const plan = async (kind: "count" | "seconds") => {
    const program = inRepository("bench/programs/plan-shards.ts");
    const words = [process.execPath, program, root, tar, kind] as const;
    const { seconds, stdout } = await runProgram(words, { cwd: folder });
    const { points, matrix } = MADE.parse(JSON.parse(stdout));
    if (points !== POINTS) throw new Error(`the plan has ${points} points`);
    sizes.tar.push(statSync(tar).size / 1024);
    sizes.matrix.push(Buffer.byteLength(matrix) / 1024);
    return seconds;
  };
  const contestants = [
    { name: "balanced by count", missing: null, measure: () => plan("count") },
    { name: "balanced by measured seconds", missing: null, measure: () => plan("seconds") },
  ];
  const series = await interleave(contestants, { rounds, unit: "s", say });
  return {
    series,
    goals: [
      { name: "size of plan.tar", values: sizes.tar, unit: "KiB", want: null },
      { name: "size of the matrix", values: sizes.matrix, unit: "KiB", want: { most: 1024 } },
    ],
    notes: ["GitHub takes 1 MiB of a job's outputs, the matrix among them."],
  };
});
