import { finished } from "node:stream/promises";
import type { Container } from "dockerode";
import type { Finished, Task, TaskHooks } from "../engine.ts";
import { bind, containerOptions, taskEnv } from "./container.ts";
import { download, upload } from "./files.ts";
import { bytesBelow, bytesWritten } from "./folders.ts";
import { startContainer, waitForExit } from "./lifecycle.ts";
import { judge, NOTHING_RAN, STOPPED, withDropped } from "./outcome.ts";
import { handOver, type Site } from "./site.ts";
import { isStopped, type Stops, stopContainer } from "./stops.ts";
import { demultiplex, readable } from "./streams.ts";
import { type Group, meter, newGroup, type Usage } from "./usage.ts";
import { containerUser } from "./users.ts";

/** How long the last of the log may take after the container has ended. */
const LOG_END_MS = 10_000;

/**
 * Runs a task in a container of its own: create, attach, start, wait, and on `release` remove, one
 * request each, since the daemon's time for them is all that limits how many run.
 */
export async function runFresh(
  site: Site,
  task: Task,
  hooks: TaskHooks,
  stops: Stops,
): Promise<Finished> {
  if (isStopped(stops)) return { outcome: NOTHING_RAN, release: async () => {} };
  if (site.shared) handOver(site.owner, task.output);
  const life = await site.life();
  const group = site.groups ? newGroup(task.run) : null;
  const options = containerOptions(task, {
    kind: "task",
    image: site.image,
    user: containerUser(task.user, site.daemon),
    output: site.shared ? task.output : null,
    mounts: site.shared ? task.mounts.map((one) => bind(one.source, one.target, true)) : [],
    network: await site.network(task),
    cgroupParent: group?.parent ?? null,
    entrypoint: task.entrypoint,
    command: task.command,
    env: taskEnv(task),
    stdin: false,
  });
  const container = await site.containers.create(options, task.platform, group);
  const release = (): Promise<void> => site.containers.remove(container);
  try {
    await giveFiles(site, task, container);
    if (isStopped(stops)) return { outcome: NOTHING_RAN, release };
    const log = await followLog(container, hooks);
    await startContainer(container);
    const started = performance.now();
    const { exitCode, usage } = await waitForEnd(site, task, { container, group, hooks, stops });
    const seconds = (performance.now() - started) / 1000;
    await log.complete();
    let ending =
      exitCode === "stopped"
        ? STOPPED
        : await judge(site.connection, life, container, exitCode, {
            limit: task.resources.memory,
            group,
          });
    if (!site.shared) ending = withDropped(ending, await download(container, task.output));
    return { outcome: { ...ending, seconds, ...usage }, release };
  } catch (error) {
    await release();
    throw error;
  }
}

interface Running {
  readonly container: Container;
  readonly group: Group | null;
  readonly hooks: TaskHooks;
  readonly stops: Stops;
}

/** Waits for a container that was started, ending it where it is told to. */
async function waitForEnd(
  site: Site,
  task: Task,
  { container, group, hooks, stops }: Running,
): Promise<{ exitCode: number | "stopped"; usage: Usage }> {
  const usage = meter(container, group);
  const stopping = stopContainer(container, stops, task.grace);
  try {
    hooks.started({
      cpuSeconds: async () => (await usage.read()).cpuSeconds,
      outputBytes: () => (site.shared ? bytesBelow(task.output) : bytesWritten(container)),
    });
    const exitCode = await Promise.race([waitForExit(container), stopping.failed]);
    usage.end();
    return { exitCode: stopping.stopped() ? "stopped" : exitCode, usage: await usage.read() };
  } finally {
    stopping.end();
    usage.end();
  }
}

/** Puts into the container what is not mounted. */
async function giveFiles(site: Site, task: Task, container: Container): Promise<void> {
  const secrets = Object.keys(task.secrets).length > 0;
  if (site.shared && !secrets) return;
  await upload(container, {
    owner: site.owner,
    output: !site.shared,
    mounts: site.shared ? [] : task.mounts,
    secrets: task.secrets,
  });
}

interface Log {
  /** Resolves when all of it has been passed on. */
  complete(): Promise<void>;
}

async function followLog(container: Container, hooks: TaskHooks): Promise<Log> {
  const attached = readable(await container.attach({ stream: true, stdout: true, stderr: true }));
  const pass = demultiplex((_channel, chunk) => hooks.log(chunk));
  attached.on("data", pass);
  // A log that breaks off does so with the connection, which `wait` tells of too.
  const ended = finished(attached).catch(() => {});
  return {
    complete: async () => {
      const timer = setTimeout(() => attached.destroy(), LOG_END_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
