/** The process engine against schedulers of processes, and what our own process takes of a CPU. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { missingCommand, missingImage, missingPython, PYTHON } from "./lib/baselines.ts";
import { bench } from "./lib/bench.ts";
import { compareRates } from "./lib/compare.ts";
import { inRepository, runProgram } from "./lib/processes.ts";
import type { Goal } from "./lib/report.ts";
import { BUSYBOX, runContainers, runSweepProgram } from "./lib/sweeps.ts";

const COUNT = 2000;
/** Of these, for the CPU that a point as a container takes. */
const CONTAINERS = 120;

await bench(`process engine, \`true\`, ${COUNT} points a round`, { rounds: 5 }, async (self) => {
  const fresh = () => mkdtempSync(join(self.folder, "run-"));
  const numbers = Array.from({ length: COUNT }, (_, i) => `${i}\n`).join("");
  const cpu: number[] = [];
  const found = await compareRates(
    self,
    {
      name: "sim-pipeline, 2 workers",
      missing: null,
      measure: async () => {
        const parameters = { i: { range: `1-${COUNT}` } };
        const sweep = { name: "bench", process: ["true"], parameters, command: [] };
        const options = { sweep, points: COUNT, engine: "process", workers: 2 } as const;
        const run = await runSweepProgram(self, options);
        cpu.push(run.cpuPerPoint);
        return run.rate;
      },
    },
    [
      {
        name: "GNU parallel -j2 --results --joblog",
        missing: await missingCommand(["parallel", "--version"], "apt-get install parallel"),
        measure: async () => {
          const kept = ["--results", "results", "--joblog", "joblog"];
          const { seconds } = await runProgram(["parallel", "-j2", ...kept, "true", "{}"], {
            cwd: fresh(),
            stdin: numbers,
          });
          return COUNT / seconds;
        },
        goal: 2,
      },
      {
        name: "HyperQueue's local cluster",
        missing: await missingPython("hyperqueue", "hyperqueue==0.27.0"),
        measure: async () => {
          const program = inRepository("bench/programs/hyperqueue-local.py");
          const { stdout } = await runProgram([PYTHON, program, String(COUNT)], { cwd: fresh() });
          return COUNT / Number(stdout.trim().split("\n").at(-1));
        },
        goal: 1,
      },
    ],
  );
  const goal = { unit: "ms", want: { most: 2 } };
  const goals: Goal[] = [{ name: "our CPU for a point, processes", values: cpu, ...goal }];
  if ((await missingImage(BUSYBOX)) === null) {
    self.say(
      `${CONTAINERS} containers, for the CPU that each takes of the process that asks for it`,
    );
    const { cpuPerPoint } = await runContainers(self, CONTAINERS, "auto");
    goals.push({ name: "our CPU for a point, containers", values: [cpuPerPoint], ...goal });
    const program = inRepository("bench/programs/bare-docker.ts");
    const args = [BUSYBOX, String(CONTAINERS), "2"];
    const { stdout } = await runProgram([process.execPath, program, ...args], { cwd: fresh() });
    const name = "a bare dockerode loop's CPU for a container";
    goals.push({ name, values: [Number(stdout)], unit: "ms", want: null });
  }
  return {
    ...found,
    goals: [...found.goals, ...goals],
    notes: [
      "HyperQueue's time begins when its server and worker stand; that of the others with their",
      "processes. CPU is that of our own process from when the first task could start.",
    ],
  };
});
