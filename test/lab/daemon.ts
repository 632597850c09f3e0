import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { answers, findDocker } from "./lab.ts";
import { mountTmpfs } from "./tmpfs.ts";

const execute = promisify(execFile);
const leftovers = fileURLToPath(new URL("../../scripts/lab/leftovers.sh", import.meta.url));

/** A Docker daemon of a test's own, to be stopped, killed and filled up as the test likes. */
export interface Daemon extends AsyncDisposable {
  /** As DOCKER_HOST takes it: unix:///… */
  readonly host: string;
  /** Starts it again after `stop` or `kill`, with the same containers and images. */
  start(): Promise<void>;
  /** A clean shutdown, which ends its containers: after 10 s, when they ignore SIGTERM. */
  stop(): Promise<void>;
  /** A crash: its containers go on until the next `start`, which ends them as `stop` does. */
  kill(): Promise<void>;
  /** Copies an image from the lab's daemon. */
  loadImage(name: string): Promise<void>;
}

/**
 * Containers have no network but `none` in it. With `dataBytes`, images and containers share a disk
 * of that size.
 */
export async function startDaemon(options: { dataBytes?: number } = {}): Promise<Daemon> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "sim-pipeline-dockerd-"));
  cleanup.defer(async () => {
    await execute(leftovers, [folder]);
  });
  // leftovers.sh clears the folder away when this process is gone.
  await writeFile(join(folder, "owner"), String(process.pid));
  await writeFile(join(folder, "dockerd.json"), "{}"); // or it would read the machine's
  const data = join(folder, "data");
  await mkdir(data);
  if (options.dataBytes !== undefined) {
    cleanup.use(await mountTmpfs(data, options.dataBytes));
  }

  const socket = join(folder, "docker.sock");
  const host = `unix://${socket}`;
  let running = await launch(folder, socket);
  cleanup.defer(() => end(running, "SIGTERM"));
  const owned = cleanup.move();

  return {
    host,
    start: async () => {
      if (hasEnded(running)) running = await launch(folder, socket);
    },
    stop: () => end(running, "SIGTERM"),
    kill: async () => {
      await end(running, "SIGKILL");
      // Its containerd dies with it, but as long as nobody has reaped that, its pid seems alive,
      // and the next daemon would wait for it in vain.
      await rm(join(folder, "exec/containerd/containerd.pid"), { force: true });
    },
    loadImage: async (name) => {
      const lab = await findDocker();
      if (lab === null) throw new Error("no Docker daemon answers: run scripts/lab/up.sh");
      const script = 'set -o pipefail; docker -H "$1" save "$3" | docker -H "$2" load --quiet';
      await execute("bash", ["-c", script, "load", lab.host, host, name]);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function launch(folder: string, socket: string): Promise<ChildProcess> {
  const logFile = join(folder, "dockerd.log");
  await using log = await open(logFile, "a");
  // The daemon must not outlive the test run, however that ends: --pdeathsig sees to it. And it has
  // a network namespace of its own, since a daemon told to have no bridge deletes the machine's
  // `docker0`, which is the main daemon's.
  const dockerd = spawn(
    "setpriv",
    [
      ...["--pdeathsig", "TERM", "unshare", "--net", "dockerd", "--host", `unix://${socket}`],
      ...["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec")],
      ...["--pidfile", join(folder, "dockerd.pid"), "--config-file", join(folder, "dockerd.json")],
      ...["--bridge=none", "--iptables=false", "--ip-forward=false"],
      // Without CAP_SYS_RESOURCE the default, a negative score, is refused.
      "--oom-score-adjust=0",
    ],
    // A log file, not a pipe: what the daemon leaves running must not die of a broken one.
    {
      stdio: ["ignore", log.fd, log.fd],
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    },
  );
  await once(dockerd, "spawn");
  // It sends no event when it is ready.
  const deadline = Date.now() + 30_000;
  while (!(await answers(socket))) {
    if (hasEnded(dockerd) || Date.now() > deadline) {
      await end(dockerd, "SIGKILL");
      throw new Error(`dockerd did not start:\n${(await readFile(logFile, "utf8")).slice(-2_000)}`);
    }
    await delay(50);
  }
  return dockerd;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}
