/** A daemon on another host goes on when the connection to it breaks, and so do its containers. */

import { setTimeout as delay } from "node:timers/promises";
import type { Container } from "dockerode";
import { z } from "zod";
import { ReportedError } from "../../sweep/errors.ts";
import { EngineLostError, type TaskHooks } from "../engine.ts";
import type { Connection } from "./connect.ts";
import { startOfDaemon } from "./daemon.ts";
import { explain, isLost, statusOf } from "./errors.ts";
import { removed } from "./lifecycle.ts";
import { mayBeDaemons } from "./outcome.ts";
import type { Site } from "./site.ts";
import { isStopped, type Stops } from "./stops.ts";
import type { Life } from "./vigil.ts";

/** Between two questions whether a daemon is back: no event tells of it. */
const ASK_AGAIN_MS = { first: 100, most: 3_000 };

/**
 * Resolves when the daemon answers; rejects when aborted, and with a ReportedError (3) where it
 * cannot before somebody does something.
 */
export async function untilItAnswers(connection: Connection, signal: AbortSignal): Promise<void> {
  let wait = ASK_AGAIN_MS.first;
  while (!(await connection.answers())) {
    await delay(wait, undefined, { signal });
    wait = Math.min(wait * 2, ASK_AGAIN_MS.most);
  }
  signal.throwIfAborted();
}

/** Whether a task may go on although a request of its failed so. */
export function mayGoOn(site: Site, stops: Stops, error: unknown): boolean {
  return site.connection.mends && isLost(error) && !isStopped(stops);
}

/** A task's container as it was found. */
export interface Found {
  /** Whether it is still to be started. */
  readonly created: boolean;
  /** The daemon's, as of now. */
  readonly life: Life;
}

/**
 * Waits until the daemon answers again and looks what has become of the container.
 * Throws EngineLostError where the task is to end meanwhile, the container is gone, or the daemon
 * may have ended it; a ReportedError (3) as `untilItAnswers` does.
 */
export async function findAgain(
  site: Site,
  container: Container,
  { hooks, stops }: { readonly hooks: TaskHooks; readonly stops: Stops },
  cause: unknown,
): Promise<Found> {
  const lost = explain(cause, site.connection.host);
  const signal = AbortSignal.any([stops.gently, ...stops.atOnce]);
  hooks.away?.(lost instanceof Error ? lost.message : String(lost));
  try {
    for (;;) {
      try {
        await untilItAnswers(site.connection, signal);
        return await look(site, container);
      } catch (error) {
        if (error instanceof ReportedError || error instanceof EngineLostError) throw error;
        if (signal.aborted) throw lost;
        if (!isLost(error)) throw error;
      }
    }
  } finally {
    hooks.away?.(null);
  }
}

const stateSchema = z.object({
  State: z.object({
    Status: z.string(),
    ExitCode: z.number(),
    StartedAt: z.string(),
    FinishedAt: z.string(),
  }),
});
type State = z.infer<typeof stateSchema>["State"];

async function look(site: Site, container: Container): Promise<Found> {
  const life = await site.life();
  const state = await stateOf(container);
  if (state.Status === "created") return { created: true, life };
  if (state.Status === "removing") throw removed();
  const since = await startOfDaemon(site.connection);
  const restarted =
    since === null
      ? state.Status !== "running" && mayBeDaemons(state.ExitCode)
      : Date.parse(state.StartedAt) < since;
  if (restarted) {
    throw new EngineLostError("The Docker daemon was restarted while it could not be reached");
  }
  return { created: false, life };
}

async function stateOf(container: Container): Promise<State> {
  try {
    return stateSchema.parse(await container.inspect()).State;
  } catch (error) {
    throw statusOf(error) === 404 ? removed(error) : error;
  }
}

/** How long a container that ended has run, by its daemon's clock; in seconds. */
export async function secondsOf(container: Container): Promise<number> {
  const { StartedAt, FinishedAt } = await stateOf(container);
  return Math.max(0, (Date.parse(FinishedAt) - Date.parse(StartedAt)) / 1000);
}
