import { fileURLToPath } from "node:url";
import { dockerEngine } from "../../../src/engines/docker/docker.ts";
import { engineContract } from "../contract.ts";
import { cli, containersOf, dockerEnv, remains, remainsInside, sweep, tlsEnv } from "./fixtures.ts";

const orchestrator = fileURLToPath(new URL("orchestrator.ts", import.meta.url));

const daemons = [
  { name: "", missing: "a Docker daemon", env: await dockerEnv(), shared: true },
  {
    name: " of a daemon behind TLS that does not share our files",
    missing: "a Docker daemon behind TLS",
    env: await tlsEnv(),
    shared: false,
  },
];

for (const { name, missing, env, shared } of daemons) {
  const known = env ?? {};
  const options = {
    missing: env === null ? missing : null,
    make: () => dockerEngine({ env: known }),
    sweep,
    orchestrator,
    orchestratorEnv: known,
    remains: (run: string) => remains(known, run),
  };
  const usage = shared ? "always" : "sometimes";

  engineContract(`docker, a fresh container${name} for each task`, {
    ...options,
    capabilities: {
      writableInputs: null,
      cpuSeconds: usage,
      peakMemory: usage,
      memoryLimit: true,
      adopts: {
        ended: async (task) => {
          await cli(known, "wait", ...(await containersOf(known, task.id)));
        },
      },
    },
  });

  engineContract(`docker, a kept container${name} for each worker`, {
    ...options,
    task: { warm: true },
    remains: (run) => remainsInside(known, run),
    capabilities: {
      writableInputs: null,
      cpuSeconds: "always",
      peakMemory: usage,
      memoryLimit: true,
      adopts: null,
    },
  });
}
