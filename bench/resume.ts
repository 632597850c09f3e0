/** A second run of a sweep whose points have all succeeded: nothing is run, all is looked at. */
import { bench } from "./lib/bench.ts";
import { runCli } from "./lib/cli.ts";
import { finishedRun, POINTS } from "./lib/finished.ts";
import { interleave } from "./lib/rounds.ts";

const title = `a second run of ${POINTS.toLocaleString("en-US")} finished points`;
await bench(title, { rounds: 3 }, async (self) => {
  const { sweep, run } = await finishedRun(self);
  const memory: number[] = [];
  const measure = async () => {
    const flags = ["--engine", "process", "--out", run];
    const { seconds, maxRss } = await runCli(self, ["run", sweep, ...flags]);
    memory.push(maxRss / 2 ** 20);
    return seconds;
  };
  const contestants = [{ name: "sim-pipeline run", missing: null, measure }];
  const series = await interleave(contestants, { ...self, unit: "s" });
  return {
    series,
    goals: [
      { name: "time", values: series[0]?.values ?? [], unit: "s", want: { most: 5 } },
      { name: "memory (peak RSS)", values: memory, unit: "MiB", want: null },
    ],
    notes: ["It writes results.csv and results.jsonl again."],
  };
});
