// `npm run demo`: the sweep of sims/monte-carlo-pi, as containers where a Docker daemon answers,
// else as processes. Plain JavaScript, because it may be started by an older Node than 24, which
// is itself a dependency.
import "./install.js";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const node = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url));
const sweep = "sims/monte-carlo-pi/sweep.yaml";
const out = "runs/monte-carlo-pi";

const args = ["bin/sim-pipeline.js", "run", sweep, "--build", "--out", out];
const { status } = spawnSync(node, [...args, ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
process.exitCode = status ?? 1;
if (status === 0) {
  console.log(`\n${table(rowsOf(`${root}/${out}/results.jsonl`))}`);
  console.log(`\nevery point   ${out}/results.csv\nits outputs   ${out}/points/`);
}

function rowsOf(file) {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** The estimates of all seeds for each number of iterations. */
function table(rows) {
  const iterations = [...new Set(rows.map((row) => row.iterations))];
  const lines = iterations.map((count) => {
    const group = rows.filter((row) => row.iterations === count);
    const estimates = group.map((row) => row.estimate);
    return [
      count.toLocaleString("en-US"),
      String(group.length),
      mean(estimates).toFixed(5),
      mean(group.map((row) => row.error)).toFixed(5),
      deviation(estimates).toFixed(5),
    ];
  });
  const all = [["iterations", "points", "pi", "mean error", "spread"], ...lines];
  const widths = all[0].map((_, column) => Math.max(...all.map((line) => line[column].length)));
  return all
    .map((line) => line.map((cell, column) => cell.padStart(widths[column])).join("  "))
    .join("\n");
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The standard deviation of a sample. */
function deviation(values) {
  const middle = mean(values);
  const squares = values.map((value) => (value - middle) ** 2);
  return Math.sqrt((mean(squares) * values.length) / (values.length - 1));
}
