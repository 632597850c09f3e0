import { fileURLToPath } from "node:url";
import { dockerEngine } from "../../../src/engines/docker/docker.ts";
import { engineContract } from "../contract.ts";
import { cli, containersOf, remains, remainsInside, sweep } from "./fixtures.ts";

const orchestrator = fileURLToPath(new URL("orchestrator.ts", import.meta.url));

/** A daemon that the contract is held to, or what is missing where `env` is null. */
export interface ContractDaemon {
  /** As " of a daemon behind TLS"; empty for the usual one. */
  readonly name: string;
  readonly missing: string;
  /** What names it to the engine. */
  readonly env: Readonly<NodeJS.ProcessEnv> | null;
  /** What names it to the docker CLI. */
  readonly direct: Readonly<NodeJS.ProcessEnv> | null;
  /** Whether it shares our files. */
  readonly shared: boolean;
}

/** The laws of every engine, for fresh and for kept containers. */
export function dockerContract({ name, missing, env, direct, shared }: ContractDaemon): void {
  const known = env ?? {};
  const seen = direct ?? {};
  const options = {
    missing: env === null ? missing : null,
    make: () => dockerEngine({ env: known }),
    sweep,
    orchestrator,
    orchestratorEnv: known,
    remains: (run: string) => remains(seen, run),
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
          await cli(seen, "wait", ...(await containersOf(seen, task.id)));
        },
      },
    },
  });

  engineContract(`docker, a kept container${name} for each worker`, {
    ...options,
    task: { warm: true },
    remains: (run) => remainsInside(seen, run),
    capabilities: {
      writableInputs: null,
      cpuSeconds: "always",
      peakMemory: usage,
      memoryLimit: true,
      adopts: null,
    },
  });
}
