import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { dockerEngine } from "../../../src/engines/docker/docker.ts";
import { findDocker, findTlsDaemon, images } from "../../lab/lab.ts";
import { findSshd, type Sshd, startSshd } from "../../lab/sshd.ts";
import { relayToTls } from "../../lab/tls-relay.ts";
import { type Bench, type ContractOptions, setUpBench } from "../contract/bench.ts";
import { testSweep } from "../fixtures.ts";

const execute = promisify(execFile);

type Environment = Readonly<NodeJS.ProcessEnv>;

/** The image that most tests run. */
export const sweep = testSweep({ image: images.busybox });

/** What names the lab's daemon to the engine and to the docker CLI; null where there is none. */
export async function dockerEnv(): Promise<Environment | null> {
  const docker = await findDocker();
  return docker === null ? null : daemonEnv(docker.host);
}

/** The same for the daemon behind TLS, which does not share our files. */
export async function tlsEnv(): Promise<Environment | null> {
  const tls = await findTlsDaemon();
  if (tls === null) return null;
  return { ...daemonEnv(tls.host), DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: tls.certs };
}

export interface OverSsh extends AsyncDisposable {
  readonly sshd: Sshd;
  /** For the engine. */
  readonly env: Environment;
  /** For the docker CLI, which looks at the same daemon without SSH. */
  readonly direct: Environment;
}

/**
 * A host that is reached by SSH alone, with the lab's daemon (`shared`: it sees our files) or the
 * one behind TLS; null where a part is missing.
 */
export async function overSsh(options: { readonly shared: boolean }): Promise<OverSsh | null> {
  if (!(await findSshd())) return null;
  if (options.shared) {
    const docker = await findDocker();
    if (docker === null) return null;
    const sshd = await startSshd();
    const dispose = () => sshd[Symbol.asyncDispose]();
    const direct = daemonEnv(docker.host);
    return { sshd, env: sshd.env(docker.socket), direct, [Symbol.asyncDispose]: dispose };
  }
  const [tls, direct] = [await findTlsDaemon(), await tlsEnv()];
  if (tls === null || direct === null) return null;
  const relay = await relayToTls(tls);
  const sshd = await startSshd();
  return {
    sshd,
    env: sshd.env(relay.socket),
    direct,
    [Symbol.asyncDispose]: async () => {
      await sshd[Symbol.asyncDispose]();
      await relay[Symbol.asyncDispose]();
    },
  };
}

/** The environment with another daemon in it, whatever the caller's own is. */
export function daemonEnv(host: string): Environment {
  const { DOCKER_TLS_VERIFY: _verify, DOCKER_CERT_PATH: _certs, ...rest } = process.env;
  return { ...rest, DOCKER_HOST: host };
}

/** A bench of the contract's for tests of their own: `describe.skipIf(env === null)` around it. */
export function dockerBench(
  env: Environment | null,
  changes: Partial<ContractOptions> = {},
): Bench {
  const known = env ?? {};
  return setUpBench({
    missing: null,
    make: () => dockerEngine({ env: known }),
    sweep,
    orchestrator: fileURLToPath(new URL("orchestrator.ts", import.meta.url)),
    orchestratorEnv: known,
    remains: (run) => remains(known, run),
    capabilities: {
      writableInputs: null,
      cpuSeconds: "always",
      peakMemory: "always",
      memoryLimit: true,
      adopts: null,
    },
    ...changes,
  });
}

/** The docker CLI, so that tests see what is there without the engine's own code. */
export async function cli(env: Environment, ...args: string[]): Promise<string> {
  const { stdout } = await execute("docker", args, { env: { ...env } });
  return stdout.trim();
}

/** What a run has left in a daemon: containers and networks, one text each. */
export async function remains(env: Environment, run: string): Promise<string[]> {
  const label = `label=sim-pipeline.run=${run}`;
  const found = await Promise.all([
    cli(env, "ps", "--all", "--filter", label, "--format", "container {{.ID}} {{.Status}}"),
    cli(env, "network", "ls", "--filter", label, "--format", "network {{.Name}}"),
  ]);
  return found.flatMap((lines) => lines.split("\n")).filter((line) => line !== "");
}

/** The same, but of containers that are kept only what their tasks left running in them. */
export async function remainsInside(env: Environment, run: string): Promise<string[]> {
  const label = `label=sim-pipeline.run=${run}`;
  const kept = await cli(
    env,
    ...["ps", "--quiet", "--filter", label, "--filter", "label=sim-pipeline.kind=warm"],
  );
  const left: string[] = [];
  for (const id of kept.split("\n").filter((line) => line !== "")) {
    const [, ...processes] = (await cli(env, "top", id, "-o", "pid,args")).split("\n");
    left.push(...processes.filter((line) => !/docker-init|\/bin\/sh$/.test(line)));
  }
  const all = await remains(env, run);
  return [...all.filter((line) => !kept.includes(line.split(" ")[1] ?? "")), ...left];
}

/** Ids of the containers that carry a task's label. */
export async function containersOf(env: Environment, task: string): Promise<string[]> {
  const label = `label=sim-pipeline.task=${task}`;
  const lines = await cli(env, "ps", "--all", "--quiet", "--no-trunc", "--filter", label);
  return lines.split("\n").filter((line) => line !== "");
}
