/** Fresh containers, the trivial command, no network: what we add to the daemon's own time. */
import { join } from "node:path";
import { missingCommand, missingImage, missingPython, PYTHON } from "./lib/baselines.ts";
import { bench } from "./lib/bench.ts";
import { compareRates } from "./lib/compare.ts";
import { inRepository, runProgram } from "./lib/processes.ts";
import { fastestConcurrency } from "./lib/rounds.ts";
import { BUSYBOX, runContainers } from "./lib/sweeps.ts";

const COUNT = 120;
/** For the search of the best concurrency. */
const FEW = 24;

/** What the docker engine asks of the daemon beyond `NetworkMode: none`, less its mounts. */
const SANDBOX = {
  CapDrop: ["ALL"],
  SecurityOpt: ["no-new-privileges"],
  Init: true,
  PidsLimit: 4096,
  Tmpfs: { "/home/sim": "rw,exec,nosuid,nodev,mode=1777" },
};

const title = `fresh containers, \`true\` in ${BUSYBOX}, no network, ${COUNT} a round`;
await bench(title, { rounds: 4 }, async (self) => {
  const { folder, say } = self;
  const image = await missingImage(BUSYBOX);
  if (image !== null) {
    return { series: [], goals: [], skipped: [{ name: BUSYBOX, install: image }] };
  }
  const loop = async (count: number, concurrency: number, hostConfig = {}) => {
    const program = inRepository("bench/programs/bare-docker.ts");
    const args = [BUSYBOX, String(count), String(concurrency), JSON.stringify(hostConfig)];
    return (
      count / (await runProgram([process.execPath, program, ...args], { cwd: folder })).seconds
    );
  };
  const ours = async (count: number, workers: number) =>
    (await runContainers(self, count, workers)).rate;
  const fastest = await fastestConcurrency(
    { loop: (at) => loop(FEW, at), ours: (at) => ours(FEW, at) },
    say,
  );
  const concurrency = fastest("loop");
  const workers = fastest("ours");

  let logs = 0;
  const docker = `docker run --rm --network none ${BUSYBOX} true`;
  const numbers = Array.from({ length: COUNT }, (_, i) => `${i}\n`).join("");
  return await compareRates(
    self,
    {
      name: `sim-pipeline, ${workers} workers`,
      missing: null,
      measure: () => ours(COUNT, workers),
    },
    [
      {
        name: `bare dockerode loop, ${concurrency} at once`,
        missing: null,
        measure: () => loop(COUNT, concurrency),
        goal: 0.95,
      },
      {
        name: `the same loop with our sandbox, ${concurrency} at once`,
        missing: null,
        measure: () => loop(COUNT, concurrency, SANDBOX),
        goal: null,
      },
      {
        name: `xargs -P4 ${docker}`,
        missing: await missingCommand(["xargs", "--version"], "apt-get install findutils"),
        measure: async () => {
          const command = ["-P4", "-I{}", ...docker.split(" ")];
          const { seconds } = await runProgram(["xargs", ...command], {
            cwd: folder,
            stdin: numbers,
          });
          return COUNT / seconds;
        },
        goal: 1.1,
      },
      {
        name: "Python queue of 4 threads",
        missing: await missingPython("docker", "docker"),
        measure: async () => {
          const program = inRepository("bench/programs/python-queue.py");
          const args = [BUSYBOX, String(COUNT), join(folder, `logs-${logs++}`)];
          return COUNT / (await runProgram([PYTHON, program, ...args], { cwd: folder })).seconds;
        },
        goal: 1.3,
      },
    ],
  );
});
