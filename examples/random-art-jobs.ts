// Twenty pictures of random sprites, as jobs that two loops make. Run it with
//   node examples/random-art-jobs.ts
// In a project of your own: import { runJobs } from "sim-pipeline";
import { fileURLToPath } from "node:url";
import { type Job, runJobs } from "../src/index.ts";

const jobs: Job[] = [];
for (const grid of [5, 7, 9, 11]) {
  for (const invaders of [2, 4, 6, 8, 10]) {
    jobs.push({
      name: `sprites-${grid}x${grid}-${invaders}`,
      command: ["-g", `${grid}`, "-i", `${invaders}`, "-s", "400", "-n", "1", "--seed", "42"],
    });
  }
}

const summary = await runJobs({
  jobs,
  settings: {
    name: "random-art-jobs",
    image: "ghcr.io/org/sim-pipeline/random-art:latest",
    build: ".",
    process: ["node", "main.ts"],
    outputs: ["*.png"],
    timeout: "5m",
  },
  folder: fileURLToPath(new URL("../sims/random-art", import.meta.url)),
  workers: 4,
  out: "runs/random-art-jobs",
  onEvent: (event) => {
    if (event.type === "ended") console.log(`${event.name}: ${event.status}`);
  },
});
console.log(`${summary.counts.succeeded} of ${jobs.length} are in ${summary.folder}/points`);
process.exitCode = summary.counts.succeeded === jobs.length ? 0 : 1;
