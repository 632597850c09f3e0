import { readdir } from "node:fs/promises";
import type { Container } from "dockerode";
import type { Finished, Outcome, Task, TaskHooks } from "../engine.ts";
import { bind, containerOptions, taskEnv } from "./container.ts";
import { download, upload } from "./files.ts";
import { bytesBelow, bytesWritten, clearFolder } from "./folders.ts";
import { startContainer, waitForExit } from "./lifecycle.ts";
import { type Ending, judge, NOTHING_RAN, STOPPED, withDropped } from "./outcome.ts";
import { type Found, findAgain, mayGoOn, secondsOf } from "./reattach.ts";
import { handOver, type Site } from "./site.ts";
import { isStopped, type Stops, stopContainer } from "./stops.ts";
import { type TaskLog, taskLog } from "./task-log.ts";
import { type Group, type Meter, meter, newGroup, type Usage } from "./usage.ts";
import { containerUser } from "./users.ts";
import type { Life } from "./vigil.ts";

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
    await giveFiles(site, task, container, hooks);
    if (isStopped(stops)) return { outcome: NOTHING_RAN, release };
    const log = taskLog(container, hooks.log);
    const course: Course = { container, group, hooks, stops, log, meters: [] };
    return { outcome: await followCourse(site, task, course, life), release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** A container's way from its start to its end, over all breaks of the connection. */
interface Course {
  readonly container: Container;
  readonly group: Group | null;
  readonly hooks: TaskHooks;
  readonly stops: Stops;
  readonly log: TaskLog;
  /** One for each stretch between two breaks. */
  readonly meters: Meter[];
}

/** So often a broken connection is taken up again for one task, before it runs anew. */
const MOST_BREAKS = 100;

async function followCourse(site: Site, task: Task, course: Course, life: Life): Promise<Outcome> {
  const { container, log } = course;
  let found: Found = { created: true, life };
  for (let breaks = 0; ; breaks++) {
    try {
      await log.follow(found.created ? "start" : "break");
      if (found.created) await startContainer(container);
      const started = performance.now();
      const exitCode = await waitForEnd(site, task, course);
      const seconds =
        breaks === 0 ? (performance.now() - started) / 1000 : await secondsOf(container);
      await log.complete();
      const ending = await settle(site, task, course, found.life, exitCode);
      return { ...ending, seconds, ...(await usageOf(course)) };
    } catch (error) {
      if (breaks === MOST_BREAKS || !mayGoOn(site, course.stops, error)) throw error;
      found = await findAgain(site, container, course, error);
      // Half an archive may be there.
      if (!site.shared) await clearFolder(task.output);
    }
  }
}

/** How a container that ended did, once its outputs are here. */
async function settle(
  site: Site,
  task: Task,
  { container, group, hooks }: Course,
  life: Life,
  exitCode: number | "stopped",
): Promise<Ending> {
  const known = { limit: task.resources.memory, group };
  const ending =
    exitCode === "stopped"
      ? STOPPED
      : await judge(site.connection, life, container, exitCode, known);
  if (site.shared) return ending;
  return withDropped(ending, await download(container, task.output, hooks.transfer));
}

/** Waits for a container that was started, ending it where it is told to. */
async function waitForEnd(site: Site, task: Task, course: Course): Promise<number | "stopped"> {
  const { container, group, hooks, stops, meters } = course;
  const usage = meter(container, group);
  meters.push(usage);
  const stopping = stopContainer(container, stops, task.grace);
  try {
    if (meters.length === 1) {
      hooks.started({
        cpuSeconds: async () => (await usageOf(course)).cpuSeconds,
        outputBytes: () => (site.shared ? bytesBelow(task.output) : bytesWritten(container)),
      });
    }
    const exitCode = await Promise.race([waitForExit(container), stopping.failed]);
    return stopping.stopped() ? "stopped" : exitCode;
  } finally {
    stopping.end();
    usage.end();
  }
}

async function usageOf({ meters }: Course): Promise<Usage> {
  const read = await Promise.all(meters.map((one) => one.read()));
  return {
    cpuSeconds: most(read.map(({ cpuSeconds }) => cpuSeconds)),
    peakMemory: most(read.map(({ peakMemory }) => peakMemory)),
  };
}

/** The greatest of those that are known. */
function most(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** Puts into the container what is not mounted. */
async function giveFiles(
  site: Site,
  task: Task,
  container: Container,
  hooks: TaskHooks,
): Promise<void> {
  const secrets = Object.keys(task.secrets).length > 0;
  if (site.shared && !secrets) return;
  const files = {
    owner: site.owner,
    // A batch's points have folders of their own in it, which are empty yet.
    output: site.shared ? null : await readdir(task.output),
    mounts: site.shared ? [] : task.mounts,
    secrets: task.secrets,
  };
  await upload(container, files, hooks.transfer);
}
