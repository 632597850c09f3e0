/** The shards of a plan put together into one run folder, without a network. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { bench } from "./lib/bench.ts";
import { inRepository, runProgram } from "./lib/processes.ts";
import { interleave } from "./lib/rounds.ts";
import { packedShards } from "./lib/shards.ts";

const POINTS = 10_000;
const SHARDS = 256;
const FOUND = z.object({ succeeded: z.number(), maxRss: z.number() });

await bench("collect 256 shards with 10,000 points", { rounds: 5 }, async (self) => {
  const { folder, rounds, say } = self;
  say("packing the shards");
  const made = await packedShards(folder, { points: POINTS, shards: SHARDS });
  const input = join(folder, "input.json");
  writeFileSync(input, JSON.stringify(made));
  const memory: number[] = [];
  const run = async (program: string, ...args: string[]) => {
    const out = join(folder, "out");
    mkdirSync(out);
    const path = inRepository(`bench/programs/${program}.ts`);
    const ended = await runProgram([process.execPath, path, out, ...args], { cwd: folder });
    rmSync(out, { recursive: true });
    return ended;
  };
  const measure = async () => {
    const { seconds, stdout } = await run("collect-shards", input);
    const { succeeded, maxRss } = FOUND.parse(JSON.parse(stdout));
    if (succeeded !== POINTS) throw new Error(`${succeeded} points came together`);
    memory.push(maxRss / 2 ** 20);
    return seconds;
  };
  const bare = async () => (await run("bare-files", String(POINTS))).seconds;
  const contestants = [
    { name: "collect", missing: null, measure },
    { name: "a bare loop that makes as many files", missing: null, measure: bare },
  ];
  const series = await interleave(contestants, { rounds, unit: "s", say });
  return {
    series,
    goals: [
      { name: "time", values: series[0]?.values ?? [], unit: "s", want: { most: 3 } },
      { name: "memory (peak RSS)", values: memory, unit: "MiB", want: null },
    ],
    notes: ["Each point has a result.json, a log and one small file."],
  };
});
