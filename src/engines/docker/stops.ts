import type { Container } from "dockerode";
import { statusOf } from "./errors.ts";
import { killContainer } from "./lifecycle.ts";

/** When a task is to end before it has by itself. */
export interface Stops {
  /** SIGTERM, and SIGKILL after the task's grace. */
  readonly gently: AbortSignal;
  /** SIGKILL. */
  readonly atOnce: readonly AbortSignal[];
}

export function isStopped(stops: Stops): boolean {
  return [stops.gently, ...stops.atOnce].some((signal) => signal.aborted);
}

export interface Stopping {
  stopped(): boolean;
  /** Rejects where the daemon refuses to end the task; never resolves. */
  readonly failed: Promise<never>;
  end(): void;
}

/** Names of containers that were told to end, so that no recovery takes their end for their own. */
const STOPPED_PREFIX = "sim-pipeline-stopped-";

export function wasStopped(names: readonly string[]): boolean {
  return names.some((name) => name.replace(/^\//, "").startsWith(STOPPED_PREFIX));
}

/** Watches `stops` until `end`, and ends the container as they ask. */
export function stopContainer(container: Container, stops: Stops, grace: number): Stopping {
  return watchStops(stops, grace, {
    terminate: async () => {
      await container.rename({ name: `${STOPPED_PREFIX}${container.id.slice(0, 12)}` });
      await killContainer(container, "SIGTERM");
    },
    kill: () => killContainer(container, "SIGKILL"),
  });
}

/** Calls `terminate` and, after the grace, `kill`, or `kill` at once, as `stops` ask until `end`. */
export function watchStops(
  stops: Stops,
  grace: number,
  actions: { terminate(): Promise<void>; kill(): Promise<void> },
): Stopping {
  const failure = Promise.withResolvers<never>();
  // Whoever does not race it must not crash of it.
  failure.promise.catch(() => {});
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const kill = (): void => {
    stopped = true;
    clearTimeout(timer);
    actions.kill().catch((error: unknown) => {
      // It has ended by itself in the meantime, or is gone: who waits for it is told.
      if (![404, 409].includes(statusOf(error) ?? 0)) failure.reject(error);
    });
  };
  const stop = (): void => {
    stopped = true;
    timer = setTimeout(kill, grace);
    // Where being gentle fails, being rough comes next.
    actions.terminate().catch(() => {});
  };
  if (stops.atOnce.some((signal) => signal.aborted)) kill();
  else if (stops.gently.aborted) stop();
  stops.gently.addEventListener("abort", stop);
  for (const signal of stops.atOnce) signal.addEventListener("abort", kill);
  return {
    stopped: () => stopped,
    failed: failure.promise,
    end: () => {
      clearTimeout(timer);
      stops.gently.removeEventListener("abort", stop);
      for (const signal of stops.atOnce) signal.removeEventListener("abort", kill);
    },
  };
}
