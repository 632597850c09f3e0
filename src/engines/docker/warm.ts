import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Duplex } from "node:stream";
import type { Container, MountSettings } from "dockerode";
import { ReportedError } from "../../sweep/errors.ts";
import {
  EngineLostError,
  type Finished,
  type Probe,
  type Task,
  type TaskHooks,
} from "../engine.ts";
import { bind, containerOptions, taskEnv } from "./container.ts";
import { download, OUTPUT, upload } from "./files.ts";
import { bytesBelow, bytesWritten, moveContent } from "./folders.ts";
import { killContainer, startContainer, waitForExit } from "./lifecycle.ts";
import {
  type Ending,
  exited,
  judge,
  NOTHING_RAN,
  outOfMemory,
  STOPPED,
  withDropped,
} from "./outcome.ts";
import {
  emptyFolder,
  hello,
  type Listener,
  listen,
  newNonce,
  type Report,
  runCommand,
  TERMINATE_ALL,
} from "./shell.ts";
import { handOver, type Site } from "./site.ts";
import { isStopped, type Stops, watchStops } from "./stops.ts";
import { type Channel, demultiplex } from "./streams.ts";
import { type Group, newGroup, sampleCpu } from "./usage.ts";
import { containerUser } from "./users.ts";
import type { Life } from "./vigil.ts";

/** A container that is kept for one worker's tasks, and the shell in it that runs them. */
interface Warm {
  /** What its tasks have in common. */
  readonly key: string;
  readonly container: Container;
  /** The daemon's, since before the container. */
  readonly life: Life;
  readonly group: Group | null;
  /** A folder of ours with what is mounted into the container. */
  readonly home: string;
  /** Inside `home`: mounted as the output folder; null where the daemon does not share files. */
  readonly output: string | null;
  /** The files that stand for per-task mounts, by target. */
  readonly templates: ReadonlyMap<string, string>;
  readonly shell: Shell;
  /** As of the last report. */
  last: Report;
}

interface Shell {
  /** Sends a command and resolves with what the shell reports, or null when it has ended. */
  command(text: (nonce: string) => string, log: (chunk: Buffer) => void): Promise<Report | null>;
  hasEnded(): boolean;
}

/** The kept containers of an engine, one a worker. */
export interface WarmPool {
  run(site: Site, task: Task, hooks: TaskHooks, stops: Stops): Promise<Finished>;
  /** Ends them all. */
  close(): Promise<void>;
}

export function warmPool(): WarmPool {
  const workers = new Map<number, { warm: Warm; site: Site }>();

  const discard = async (worker: number): Promise<void> => {
    const kept = workers.get(worker);
    workers.delete(worker);
    if (kept !== undefined) await dispose(kept.site, kept.warm);
  };

  const run = async (site: Site, task: Task, hooks: TaskHooks, stops: Stops): Promise<Finished> => {
    if (isStopped(stops)) return { outcome: NOTHING_RAN, release: async () => {} };
    const key = keyOf(site, task);
    let warm = workers.get(task.worker)?.warm;
    // One that ended while it had nothing to do was removed by somebody, or its daemon went away.
    if (warm === undefined || warm.key !== key || warm.shell.hasEnded()) {
      await discard(task.worker);
      warm = await open(site, task, key, hooks);
      workers.set(task.worker, { warm, site });
    }
    try {
      const { finished, usable } = await runIn(warm, site, task, hooks, stops);
      if (usable) return { ...finished, release: async () => {} };
      // Whoever is next opens another one; what is left of this one goes with the release.
      workers.delete(task.worker);
      const ended = warm;
      return { ...finished, release: () => dispose(site, ended) };
    } catch (error) {
      await discard(task.worker);
      throw error;
    }
  };
  return {
    run,
    close: async () => {
      await Promise.all([...workers.keys()].map(discard));
    },
  };
}

/** What a container is made with, and so cannot change from task to task. */
function keyOf(site: Site, task: Task): string {
  const parts = [
    site.image.id,
    task.run,
    task.user,
    task.network,
    task.platform,
    task.resources,
    task.mounts.map(({ source, target, perTask }) => [perTask ? null : source, target]),
    task.secrets,
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

async function open(site: Site, task: Task, key: string, hooks: TaskHooks): Promise<Warm> {
  // Beside the scratch folder: on the outputs' disk, so that they are moved there by rename.
  const home = await mkdtemp(path.join(path.dirname(task.scratch), `warm-${task.worker}-`));
  const life = await site.life();
  const group = site.groups ? newGroup(task.run) : null;
  let container: Container | null = null;
  try {
    const output = site.shared ? path.join(home, "output") : null;
    if (output !== null) {
      await mkdir(output);
      handOver(site.owner, output);
    }
    const templates = new Map<string, string>();
    const mounts: MountSettings[] = [];
    for (const [index, { source, target, perTask }] of task.mounts.entries()) {
      const file = path.join(home, `template-${index}`);
      if (perTask) {
        await copyFile(source, file);
        templates.set(target, file);
      }
      if (site.shared) mounts.push(bind(perTask ? file : source, target, true));
    }
    const { HOME = "", SIM_SECRETS } = taskEnv(task);
    const options = containerOptions(task, {
      kind: "warm",
      image: site.image,
      user: containerUser(task.user, site.daemon),
      output,
      mounts,
      network: await site.network(task),
      cgroupParent: group?.parent ?? null,
      entrypoint: ["/bin/sh"],
      command: [],
      env: SIM_SECRETS === undefined ? { HOME } : { HOME, SIM_SECRETS },
      stdin: true,
    });
    container = await site.containers.create(options, task.platform, group);
    const secrets = Object.keys(task.secrets).length > 0;
    if (!site.shared || secrets) {
      const files = {
        owner: site.owner,
        output: site.shared ? null : [],
        mounts: site.shared ? [] : task.mounts.filter(({ perTask }) => !perTask),
        secrets: task.secrets,
      };
      await upload(container, files, hooks.transfer);
    }
    const shell = await connect(container);
    await startContainer(container);
    const last = await shell.command(hello, () => {});
    if (last === null) throw await noShell(site, container);
    return { key, container, life, group, home, output, templates, shell, last };
  } catch (error) {
    await removeAll(site, container, home);
    throw error;
  }
}

async function noShell(site: Site, container: Container): Promise<unknown> {
  const exitCode = await waitForExit(container);
  return new ReportedError(
    2,
    `\`isolation: warm\` needs a shell at /bin/sh in the image, and ${site.image.reference} has ` +
      `none that works (exit code ${exitCode}). Use \`isolation: container\`, or an image with a ` +
      "shell.",
  );
}

/** Attaches to the shell of a container that is yet to start. */
async function connect(container: Container): Promise<Shell> {
  const attached = await container.attach({
    stream: true,
    stdin: true,
    stdout: true,
    stderr: true,
    hijack: true,
  });
  if (!(attached instanceof Duplex)) throw new TypeError("dockerode gave no connection");
  let listener: Listener | null = null;
  const pass = demultiplex((channel: Channel, chunk) => listener?.push(channel, chunk));
  attached.on("data", pass);
  let over = false;
  const { promise: ended, resolve } = Promise.withResolvers<null>();
  const end = (): void => {
    over = true;
    resolve(null);
  };
  // What broke it, the daemon is asked next.
  for (const event of ["close", "end", "error"]) attached.on(event, end);
  return {
    command: async (text, log) => {
      const nonce = newNonce();
      listener = listen(nonce, log);
      // A write to a shell that has ended is answered by `ended`.
      attached.write(text(nonce));
      return await Promise.race([listener.report, ended]);
    },
    hasEnded: () => over,
  };
}

interface Run {
  readonly finished: Pick<Finished, "outcome">;
  /** Whether the container can run another task. */
  readonly usable: boolean;
}

async function runIn(
  warm: Warm,
  site: Site,
  task: Task,
  hooks: TaskHooks,
  stops: Stops,
): Promise<Run> {
  const words = commandWords(site, task);
  await renewTemplates(warm, site, task, hooks);
  if (isStopped(stops)) return { finished: { outcome: NOTHING_RAN }, usable: true };
  warm.group?.reset();
  const before = warm.last;
  const started = performance.now();
  const reporting = warm.shell.command(
    (nonce) => runCommand(nonce, { words, env: task.env }),
    hooks.log,
  );
  const stopping = watchStops(stops, task.grace, {
    terminate: () => terminateAll(warm.container),
    kill: () => killContainer(warm.container, "SIGKILL"),
  });
  let report: Report | null;
  try {
    hooks.started(probe(warm, before));
    report = await Promise.race([reporting, stopping.failed]);
  } finally {
    stopping.end();
  }
  const seconds = (performance.now() - started) / 1000;
  let ending = await endingOf(warm, site, task, report, stopping.stopped());
  const peakMemory = warm.group?.read().peakMemory ?? null;
  let usable = report !== null && !stopping.stopped();
  if (report !== null) warm.last = report;

  if (warm.output !== null) {
    await moveContent(warm.output, task.output);
  } else {
    const dropped = await download(warm.container, task.output, hooks.transfer);
    ending = withDropped(ending, dropped);
    if (usable) {
      const emptied = await warm.shell.command(
        (nonce) => emptyFolder(nonce, OUTPUT),
        () => {},
      );
      usable = emptied !== null;
      if (emptied !== null) warm.last = emptied;
    }
  }
  const cpuSeconds = used(before, report);
  return { finished: { outcome: { ...ending, seconds, cpuSeconds, peakMemory } }, usable };
}

function commandWords(site: Site, task: Task): readonly string[] {
  const { entrypoint, cmd } = site.image.content.config;
  const own = task.entrypoint === null && task.command.length === 0 ? cmd : task.command;
  const words = [...(task.entrypoint ?? entrypoint), ...own];
  if (words.length > 0) return words;
  throw new ReportedError(
    2,
    `Neither the sweep nor the image ${site.image.reference} says what to run: add \`command\` ` +
      "or `entrypoint` to the sweep.",
  );
}

/** Puts this task's templates in the places of the last one's. */
async function renewTemplates(warm: Warm, site: Site, task: Task, hooks: TaskHooks): Promise<void> {
  const mounts = task.mounts.filter(({ perTask }) => perTask);
  if (!site.shared && mounts.length > 0) {
    const files = { owner: site.owner, output: null, mounts, secrets: {} };
    await upload(warm.container, files, hooks.transfer);
    return;
  }
  for (const { source, target } of mounts) {
    const file = warm.templates.get(target);
    if (file === undefined) throw new Error(`no template is mounted at ${target}`);
    // Written in place: what is mounted is the file, not its name.
    await writeFile(file, await readFile(source));
  }
}

async function endingOf(
  warm: Warm,
  site: Site,
  task: Task,
  report: Report | null,
  stopped: boolean,
): Promise<Ending> {
  if (stopped) return STOPPED;
  if (report !== null) {
    return report.oomKills > warm.last.oomKills ? outOfMemory() : exited(report.exitCode);
  }
  // The task took the shell with it, or somebody or something else the container.
  const known = { limit: task.resources.memory, group: warm.group };
  const exitCode = await waitForExit(warm.container);
  const ending = await judge(site.connection, warm.life, warm.container, exitCode, known);
  if (ending.ended !== "exited") return ending;
  if (ending.exitCode === 0) {
    throw new EngineLostError("The connection to a worker's shell broke off");
  }
  return { ...ending, detail: "the task ended the worker's shell with it" };
}

async function terminateAll(container: Container): Promise<void> {
  const exec = await container.exec({ Cmd: ["/bin/sh", "-c", TERMINATE_ALL] });
  const stream = await exec.start({ Detach: true });
  stream.resume();
}

function used(before: Report, after: Report | null): number | null {
  if (before.cpuSeconds === null || after === null || after.cpuSeconds === null) return null;
  return after.cpuSeconds - before.cpuSeconds;
}

function probe(warm: Warm, before: Report): Probe {
  return {
    cpuSeconds: async () => {
      const now = warm.group?.read().cpuSeconds ?? (await sampleCpu(warm.container));
      return now === null ? null : now - (before.cpuSeconds ?? 0);
    },
    outputBytes: async () =>
      warm.output === null ? await bytesWritten(warm.container) : await bytesBelow(warm.output),
  };
}

async function dispose(site: Site, warm: Warm): Promise<void> {
  await removeAll(site, warm.container, warm.home);
}

async function removeAll(site: Site, container: Container | null, home: string): Promise<void> {
  if (container !== null) await site.containers.remove(container);
  try {
    await rm(home, { recursive: true, force: true });
  } catch {
    // Another user's folders in it, say: it stays in the run's staging folder.
  }
}
