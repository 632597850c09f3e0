/** The tables of a run: one row a point. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bench } from "./lib/bench.ts";
import { finishedRun, POINTS } from "./lib/finished.ts";
import { inRepository, runProgram } from "./lib/processes.ts";
import { interleave } from "./lib/rounds.ts";

const title = `export ${POINTS.toLocaleString("en-US")} rows as CSV, JSON lines and Parquet`;
await bench(title, { rounds: 5 }, async (self) => {
  const { run } = await finishedRun(self);
  const measure = async () => {
    const tables = ["csv", "jsonl", "parquet"].map((format) => join(run, `results.${format}`));
    for (const table of tables) rmSync(table, { force: true });
    const program = inRepository("bench/programs/export-run.ts");
    const { seconds } = await runProgram([process.execPath, program, run], { cwd: self.folder });
    const lines = readFileSync(join(run, "results.csv"), "utf8").split("\n").length - 2;
    if (lines !== POINTS) throw new Error(`results.csv has ${lines} rows`);
    return seconds;
  };
  const contestants = [{ name: "all three tables", missing: null, measure }];
  const series = await interleave(contestants, { ...self, unit: "s" });
  return {
    series,
    goals: [{ name: "time", values: series[0]?.values ?? [], unit: "s", want: { most: 5 } }],
    notes: ["The goal is for CSV and Parquet; JSON lines come with them."],
  };
});
