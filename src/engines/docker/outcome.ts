import { constants } from "node:os";
import type { Container } from "dockerode";
import { z } from "zod";
import type { DroppedEntry } from "../archive.ts";
import { EngineLostError, type Outcome } from "../engine.ts";
import type { Connection } from "./connect.ts";
import { statusOf } from "./errors.ts";
import { removed } from "./lifecycle.ts";
import { jsonLines, readable } from "./streams.ts";
import type { Group } from "./usage.ts";
import type { Life } from "./vigil.ts";

/** Of a task that was stopped before it ran. */
export const NOTHING_RAN: Outcome = {
  ended: "stopped",
  exitCode: null,
  seconds: 0,
  cpuSeconds: null,
  peakMemory: null,
  detail: null,
};

export type Ending = Pick<Outcome, "ended" | "exitCode" | "detail">;

export const STOPPED: Ending = { ended: "stopped", exitCode: null, detail: null };

/** Exit codes of a container that its daemon ended: SIGKILL, SIGTERM, and what it never learnt. */
const ENDED_BY_DAEMON = [137, 143, 255];

export function mayBeDaemons(exitCode: number): boolean {
  return ENDED_BY_DAEMON.includes(exitCode);
}

const stateSchema = z.object({
  State: z.object({
    Status: z.string(),
    OOMKilled: z.boolean().nullish(),
    StartedAt: z.string(),
    FinishedAt: z.string(),
  }),
});
type State = z.infer<typeof stateSchema>["State"];

/** What is known of a container that ended, besides what the daemon says. */
interface Known {
  /** Its memory limit in bytes, if it has one. */
  readonly limit: number | null;
  /** Knows the most memory that it used; null where nobody does exactly. */
  readonly group: Group | null;
}

/**
 * How a container ended that was not told to.
 * Throws EngineLostError where it was removed or its daemon ended it.
 */
export async function judge(
  connection: Connection,
  life: Life,
  container: Container,
  exitCode: number,
  known: Known,
): Promise<Ending> {
  // Whatever the exit code: a simulation may end well when its daemon asks it to.
  if (!(await life.goesOn())) throw new EngineLostError("The Docker daemon shut down");
  if (exitCode === 0) return exited(0);
  let answer: unknown;
  try {
    answer = await container.inspect();
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    throw removed(error);
  }
  const { State } = stateSchema.parse(answer);
  // `docker rm -f` kills first, and removes what it has marked before.
  if (exitCode === KILLED && State.Status === "removing") throw removed();
  if (State.OOMKilled === true) return outOfMemory();
  if (exitCode === KILLED && (await ranOut(connection, container, State, known))) {
    return outOfMemory();
  }
  return exited(exitCode);
}

/** 128 + SIGKILL. */
const KILLED = 137;
/** A group's highest usage and its limit are counted in batches of pages. */
const NEARLY_ALL = 0.98;
const LATE_EVENT_MS = 1_000;

/**
 * Whether a killed container ran out of memory although the daemon's state does not say so: it
 * misses it when the kernel's notice comes after the end of the process, which happens to about
 * one in ten short containers. Then the peak says it, or the daemon's event, late as well.
 */
async function ranOut(
  connection: Connection,
  container: Container,
  state: State,
  known: Known,
): Promise<boolean> {
  if (known.limit === null) return false;
  const peak = known.group?.read().peakMemory ?? null;
  if (peak !== null) return peak >= known.limit * NEARLY_ALL;
  const events = readable(
    await connection.docker.getEvents({
      // By the daemon's clock. It ends the answer when that time has come.
      since: Date.parse(state.StartedAt) / 1000,
      until: (Date.parse(state.FinishedAt) + LATE_EVENT_MS) / 1000,
      filters: { container: [container.id], event: ["oom"] },
    }),
  );
  for await (const _event of jsonLines(events)) return true;
  return false;
}

export function outOfMemory(): Ending {
  return { ended: "oom", exitCode: null, detail: null };
}

export function exited(exitCode: number): Ending {
  return { ended: "exited", exitCode, detail: explainExit(exitCode) };
}

/** What a shell's or init's exit code says beyond its number. */
function explainExit(exitCode: number): string | null {
  if (exitCode === 127) return "the image has no such program";
  if (exitCode === 126) return "the program cannot be run";
  const signal = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128);
  return signal === undefined ? null : `killed by signal ${signal[1]} (${signal[0]})`;
}

/** Adds to an ending which outputs were left out. */
export function withDropped(ending: Ending, dropped: readonly DroppedEntry[]): Ending {
  if (dropped.length === 0) return ending;
  const named = dropped.slice(0, 20).map(({ path, reason }) => `${path} (${reason})`);
  const more = dropped.length > named.length ? `, and ${dropped.length - named.length} more` : "";
  const said = `left out of the outputs: ${named.join(", ")}${more}`;
  return { ...ending, detail: ending.detail === null ? said : `${ending.detail}; ${said}` };
}
