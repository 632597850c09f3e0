import { constants } from "node:os";
import type { Container } from "dockerode";
import { z } from "zod";
import type { DroppedEntry } from "../archive.ts";
import { EngineLostError, type Outcome } from "../engine.ts";
import type { Connection } from "./connect.ts";
import { statusOf } from "./errors.ts";

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

const stateSchema = z.object({ State: z.object({ OOMKilled: z.boolean().nullish() }) });

/**
 * How a container ended that was not told to.
 * Throws EngineLostError where it was removed or its daemon ended it.
 */
export async function judge(
  connection: Connection,
  container: Container,
  exitCode: number,
): Promise<Ending> {
  // Nearly all tasks end here, without another request.
  if (exitCode === 0) return exited(0);
  let answer: unknown;
  try {
    answer = await container.inspect();
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    throw new EngineLostError("The container was removed by somebody else while it ran", {
      cause: error,
    });
  }
  if (stateSchema.parse(answer).State.OOMKilled === true) return outOfMemory();
  // A daemon that shuts down ends its containers first, and no longer takes new connections.
  if (mayBeDaemons(exitCode) && !(await connection.answers())) {
    throw new EngineLostError(`The Docker daemon at ${connection.host.url} shut down`);
  }
  return exited(exitCode);
}

export function outOfMemory(): Ending {
  return { ended: "oom", exitCode: null, detail: "killed: it used more memory than it may" };
}

export function exited(exitCode: number): Ending {
  return { ended: "exited", exitCode, detail: explainExit(exitCode) };
}

/** What a shell's or init's exit code says beyond its number. */
function explainExit(exitCode: number): string | null {
  if (exitCode === 127) return "exit code 127: the image has no such program";
  if (exitCode === 126) return "exit code 126: the program cannot be run";
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
