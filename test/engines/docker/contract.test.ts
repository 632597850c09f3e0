import { fileURLToPath } from "node:url";
import { dockerEngine } from "../../../src/engines/docker/docker.ts";
import { engineContract } from "../contract.ts";
import { cli, containersOf, dockerEnv, remains, sweep, tlsEnv } from "./fixtures.ts";

const orchestrator = fileURLToPath(new URL("orchestrator.ts", import.meta.url));

const daemons = [
  {
    name: "docker, a fresh container for each task",
    missing: "a Docker daemon",
    env: await dockerEnv(),
    usage: "always" as const,
  },
  {
    name: "docker, a daemon behind TLS that does not share our files",
    missing: "a Docker daemon behind TLS",
    env: await tlsEnv(),
    usage: "sometimes" as const,
  },
];

for (const { name, missing, env, usage } of daemons) {
  const known = env ?? {};
  engineContract(name, {
    missing: env === null ? missing : null,
    make: () => dockerEngine({ env: known }),
    sweep,
    orchestrator,
    orchestratorEnv: known,
    remains: (run) => remains(known, run),
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
}
