import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import { finished } from "node:stream/promises";
import type { Container } from "dockerode";
import { z } from "zod";
import type { Finished, Probe, Task, TaskHooks } from "../engine.ts";
import { bind, containerOptions, taskEnv } from "./container.ts";
import { download, upload } from "./files.ts";
import { type Ending, judge, NOTHING_RAN, STOPPED, withDropped } from "./outcome.ts";
import { handOver, ownerOf, type Site, takeBack } from "./site.ts";
import { isStopped, type Stops, stopContainer } from "./stops.ts";
import { demultiplex, readable } from "./streams.ts";
import { type Meter, meter, newGroup } from "./usage.ts";
import { containerUser } from "./users.ts";

const waitSchema = z.object({ StatusCode: z.number() });

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
  if (site.shared) await handOver(site, task, task.output);
  const group = site.groups ? newGroup() : null;
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
  const container = await site.containers.create(options, task.platform);
  const release = async (): Promise<void> => {
    await site.containers.remove(container);
    group?.remove();
  };
  try {
    await giveFiles(site, task, container);
    if (isStopped(stops)) return { outcome: NOTHING_RAN, release };
    const log = await followLog(container, hooks);
    await container.start();
    const started = performance.now();
    const usage = meter(container, group);
    let ending: Ending;
    let seconds: number;
    try {
      const stopping = stopContainer(container, stops, task.grace);
      hooks.started(probe(site, task, container, usage));
      let exitCode: number;
      try {
        const waiting = container.wait().then((answer) => waitSchema.parse(answer).StatusCode);
        exitCode = await Promise.race([waiting, stopping.failed]);
        seconds = (performance.now() - started) / 1000;
      } finally {
        stopping.end();
      }
      await log.complete();
      ending = stopping.stopped() ? STOPPED : await judge(site.connection, container, exitCode);
    } finally {
      usage.end();
    }
    if (site.shared) await takeBack(task.output);
    else ending = withDropped(ending, await download(container, task.output));
    return { outcome: { ...ending, seconds, ...(await usage.read()) }, release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Puts into the container what is not mounted. */
async function giveFiles(site: Site, task: Task, container: Container): Promise<void> {
  const secrets = Object.keys(task.secrets).length > 0;
  if (site.shared && !secrets) return;
  await upload(container, {
    owner: ownerOf(site, task),
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

function probe(site: Site, task: Task, container: Container, usage: Meter): Probe {
  return {
    cpuSeconds: async () => (await usage.read()).cpuSeconds,
    outputBytes: () => (site.shared ? bytesBelow(task.output) : bytesWritten(container)),
  };
}

/** Bytes of all files in a folder that may be changing meanwhile. */
export async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    // What went away since the listing has no size.
    const found = await lstat(path.join(entry.parentPath, entry.name)).catch(() => null);
    if (found?.isFile()) bytes += found.size;
  }
  return bytes;
}

const sizeSchema = z.object({ SizeRw: z.number().nullish() });

/** Bytes that a container has written anywhere, its output folder among them. */
export async function bytesWritten(container: Container): Promise<number | null> {
  try {
    const request: object = { size: true };
    return sizeSchema.parse(await container.inspect(request)).SizeRw ?? null;
  } catch {
    // Gone, or the daemon is: then the task's own requests tell.
    return null;
  }
}
