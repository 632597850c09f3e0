import type Docker from "dockerode";
import { ReportedError } from "../../sweep/errors.ts";
import { LABELS } from "./container.ts";
import { isLost, statusOf, wordsOf } from "./errors.ts";

/**
 * The network of a run's tasks that may have one: a bridge of their own, since only on such a one
 * can the metadata address be taken from them, and since on it they reach the outside but not each
 * other or other people's containers.
 */
export function networkName(run: string): string {
  return `sim-pipeline-${run}`;
}

/** Makes the run's network unless it is there. Throws a ReportedError (3) where it cannot be had. */
export async function ensureNetwork(docker: Docker, run: string): Promise<void> {
  try {
    await docker.createNetwork({
      Name: networkName(run),
      Driver: "bridge",
      CheckDuplicate: true,
      Labels: { [LABELS.run]: run },
      Options: { "com.docker.network.bridge.enable_icc": "false" },
    });
  } catch (error) {
    if (statusOf(error) === 409) return;
    if (isLost(error)) throw error;
    throw new ReportedError(
      3,
      `The Docker daemon cannot make a network for \`network: bridge\`: ${wordsOf(error)}\n` +
        "Remove unused networks with `docker network prune`, or use `network: none`.",
      { cause: error },
    );
  }
}

/** Whether a container could not be made or started because somebody removed the run's network. */
export function isNetworkGone(error: unknown, run: string): boolean {
  return (
    statusOf(error) === 404 && wordsOf(error).includes(`network ${networkName(run)} not found`)
  );
}

/** Removes the run's network where there is one and nobody is in it. */
export async function removeNetwork(docker: Docker, run: string): Promise<void> {
  try {
    await docker.getNetwork(networkName(run)).remove();
  } catch (error) {
    // 403: in use, by an orchestrator that will remove it.
    if (![403, 404].includes(statusOf(error) ?? 0)) throw error;
  }
}
