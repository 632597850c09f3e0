import type { Sweep } from "../../sweep/sweep.ts";
import {
  type Engine,
  EngineLostError,
  type Finished,
  type ImageIdentity,
  type Recovered,
  type RecoveryTarget,
  type Task,
  type TaskHooks,
} from "../engine.ts";
import { type Connection, connectDocker, type Environment } from "./connect.ts";
import { type Containers, ownContainers } from "./containers.ts";
import { askDaemon, type Daemon } from "./daemon.ts";
import { explain } from "./errors.ts";
import { OUTPUT } from "./files.ts";
import { runFresh } from "./fresh.ts";
import { type PreparedImage, prepareImage } from "./image.ts";
import { ensureNetwork, isNetworkGone, networkName, removeNetwork } from "./network.ts";
import { untilItAnswers } from "./reattach.ts";
import { recoverRun } from "./recover.ts";
import { canShare, ownerOf, type Site, type Survey, survey } from "./site.ts";
import { hasGroups, removeGroups } from "./usage.ts";
import { keepVigil } from "./vigil.ts";
import { warmPool } from "./warm.ts";

export interface DockerOptions {
  /** Which daemon (DOCKER_HOST, ...), and whose credentials: see `connectDocker`. */
  readonly env: Environment;
}

/**
 * Tasks as containers of a Docker daemon, each in a sandbox: no network unless asked for, no
 * capabilities, an unprivileged user, read-only inputs.
 * Throws a ReportedError (3) where no daemon answers.
 */
export async function dockerEngine(options: DockerOptions): Promise<Engine> {
  const connection = await connectDocker(options.env);
  try {
    const daemon = await askDaemon(connection);
    return makeEngine(connection, daemon, options);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** The engine where a daemon answers, else why there is none. */
export async function dockerEngineIfAny(options: DockerOptions): Promise<Engine | string> {
  try {
    return await dockerEngine(options);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export type DockerAvailability =
  | { readonly available: true; readonly host: string; readonly version: string }
  | { readonly available: false; readonly reason: string };

/** Whether a daemon answers that the engine can use. */
export async function dockerAvailable(env: Environment): Promise<DockerAvailability> {
  try {
    const connection = await connectDocker(env);
    try {
      const { version } = await askDaemon(connection);
      return { available: true, host: connection.host.url, version };
    } finally {
      connection.close();
    }
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

function makeEngine(connection: Connection, daemon: Daemon, options: DockerOptions): Engine {
  const containers: Containers = ownContainers(connection);
  const pool = warmPool();
  const vigil = keepVigil(connection);
  const groups = hasGroups(daemon, connection.host);
  const runs = new Set<string>();
  const networks = new Map<string, Promise<void>>();
  const running = new Set<Promise<unknown>>();
  const closing = new AbortController();
  let prepared: { image: PreparedImage; survey: Promise<Survey> | null } | null = null;

  const network = async (task: Task): Promise<string | null> => {
    if (task.network === "none") return null;
    let made = networks.get(task.run);
    if (made === undefined) {
      made = ensureNetwork(connection.docker, task.run);
      networks.set(task.run, made);
      made.catch(() => networks.delete(task.run));
    }
    await made;
    return networkName(task.run);
  };

  const siteOf = async (task: Task): Promise<Site> => {
    if (prepared === null) throw new Error("the engine was not prepared for a sweep");
    const current = prepared;
    const base = {
      connection,
      daemon,
      containers,
      image: current.image,
      groups,
      network,
      life: vigil.life,
    };
    if (current.survey === null) {
      current.survey = survey(base, task);
      // A daemon that went away meanwhile is asked again by the next task.
      current.survey.catch(() => {
        current.survey = null;
      });
    }
    const { shared, imageOwner } = await current.survey;
    const owner = ownerOf(daemon, imageOwner, task);
    return { ...base, owner, shared: shared && canShare(daemon, owner) };
  };

  const run = async (task: Task, hooks: TaskHooks, signal: AbortSignal): Promise<Finished> => {
    try {
      const stops = { gently: signal, atOnce: [hooks.kill, closing.signal] };
      const site = await siteOf(task);
      return await (task.warm ? pool.run : runFresh)(site, task, hooks, stops);
    } catch (error) {
      if (isNetworkGone(error, task.run)) {
        networks.delete(task.run);
        throw new EngineLostError("The run's network was removed by somebody else", {
          cause: error,
        });
      }
      throw explain(error, connection.host);
    }
  };

  return {
    name: "docker",
    view: () => ({ output: OUTPUT, input: "/mnt/input" }),
    capacity: async () => ({
      cpus: daemon.cpus,
      memory: daemon.memory,
      platform: daemon.platform,
    }),
    prepare: async (sweep: Sweep, signal: AbortSignal): Promise<ImageIdentity> => {
      const image = await prepareImage(connection, sweep, options.env, signal);
      const same = prepared?.image.id === image.id ? prepared.survey : null;
      prepared = { image, survey: same };
      return image.identity;
    },
    run: (task, hooks, signal) => {
      runs.add(task.run);
      const attempt = run(task, hooks, signal);
      running.add(attempt);
      const forget = (): void => void running.delete(attempt);
      attempt.then(forget, forget);
      return attempt;
    },
    recover: async (
      run: string,
      target: (task: string) => RecoveryTarget | "live" | null,
    ): Promise<Recovered[]> => {
      try {
        const recovered = await recoverRun(connection, run, target, containers.has);
        if (!networks.has(run)) await removeNetwork(connection.docker, run);
        if (groups && running.size === 0) await removeGroups(run);
        return recovered;
      } catch (error) {
        throw explain(error, connection.host);
      }
    },
    available: async (signal: AbortSignal): Promise<void> => {
      await untilItAnswers(connection, signal);
      // What it still held when it went away runs again elsewhere.
      await containers.removeLeft(false);
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await Promise.allSettled(running);
      await pool.close();
      await containers.removeLeft(true);
      for (const run of networks.keys()) {
        // A daemon that is gone keeps it until the next recovery.
        await removeNetwork(connection.docker, run).catch(() => {});
      }
      networks.clear();
      if (groups) for (const run of runs) await removeGroups(run);
      vigil.close();
      connection.close();
    },
  };
}
