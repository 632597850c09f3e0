/** A plan of a million points, without content keys and with them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bench } from "./lib/bench.ts";
import { runCli } from "./lib/cli.ts";
import { interleave } from "./lib/rounds.ts";

const POINTS = 1_000_000;
const SWEEP = `name: million
process: ["true"]
parameters:
  a: { range: "1-100" }
  b: { linspace: [0, 1, 100] }
  c: { range: "1-100" }
command: ["--a", "{{ a }}", "--b", "{{ b }}", "--c", "{{ c }}"]
`;

await bench("plan 1,000,000 points as JSON lines into a file", { rounds: 3 }, async (self) => {
  const { folder, rounds, say } = self;
  writeFileSync(join(folder, "sweep.yaml"), SWEEP);
  const memory = { plain: [] as number[], keys: [] as number[] };
  const plan = async (kind: keyof typeof memory, ...flags: string[]) => {
    const { seconds, maxRss } = await runCli(self, ["plan", "--format", "jsonl", ...flags]);
    const lines = lineCount(readFileSync(join(folder, "output")));
    if (lines !== POINTS) throw new Error(`the plan has ${lines} lines`);
    memory[kind].push(maxRss / 2 ** 20);
    return seconds;
  };
  const contestants = [
    { name: "without keys", missing: null, measure: () => plan("plain") },
    {
      name: "with keys",
      missing: null,
      measure: () => plan("keys", "--keys", "--engine", "process"),
    },
  ];
  const series = await interleave(contestants, { rounds, unit: "s", say });
  const seconds = (name: string) => series.find((one) => one.name === name)?.values ?? [];
  return {
    series,
    goals: [
      { name: "time", values: seconds("without keys"), unit: "s", want: { most: 2 } },
      { name: "memory (peak RSS)", values: memory.plain, unit: "MiB", want: { most: 200 } },
      { name: "time with keys", values: seconds("with keys"), unit: "s", want: null },
      { name: "memory with keys", values: memory.keys, unit: "MiB", want: null },
    ],
  };
});

function lineCount(text: Buffer): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
