import { realpath } from "node:fs/promises";
import type { Container } from "dockerode";
import { z } from "zod";
import type { Outcome, Recovered, RecoveryTarget } from "../engine.ts";
import type { Connection } from "./connect.ts";
import { LABELS } from "./container.ts";
import { startOfDaemon } from "./daemon.ts";
import { statusOf } from "./errors.ts";
import { download, OUTPUT } from "./files.ts";
import { clearFolder, moveContent } from "./folders.ts";
import { removeContainer } from "./lifecycle.ts";
import { exited, mayBeDaemons, outOfMemory, withDropped } from "./outcome.ts";
import { wasStopped } from "./stops.ts";
import { demultiplex, readable } from "./streams.ts";
import { type Group, groupOf } from "./usage.ts";

const listSchema = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()).nullish(),
    Labels: z.record(z.string(), z.string()),
  }),
);
type Listed = z.infer<typeof listSchema>[number];

const inspectSchema = z.object({
  State: z.object({
    Status: z.string(),
    ExitCode: z.number(),
    OOMKilled: z.boolean().nullish(),
    StartedAt: z.string(),
    FinishedAt: z.string(),
  }),
  HostConfig: z.object({ CgroupParent: z.string().nullish() }),
  Mounts: z
    .array(z.object({ Type: z.string(), Source: z.string().nullish(), Destination: z.string() }))
    .nullish(),
});
type Inspected = z.infer<typeof inspectSchema>;

/**
 * Finds the containers of a run that an earlier orchestrator left, and ends them; `isOurs` tells
 * those that this one made and still uses.
 */
export async function recoverRun(
  connection: Connection,
  run: string,
  target: (task: string) => RecoveryTarget | "live" | null,
  isOurs: (container: string) => boolean,
): Promise<Recovered[]> {
  const filters = { label: [`${LABELS.run}=${run}`] };
  const answer = await connection.docker.listContainers({ all: true, filters });
  // A container that is kept carries the label of its first task, whatever it runs now.
  const listed = listSchema
    .parse(answer)
    .filter((one) => one.Labels[LABELS.kind] === "task" || !isOurs(one.Id));
  const since = listed.length === 0 ? null : await startOfDaemon(connection);
  const recovered = await Promise.all(
    listed.map((one) => recoverOne(connection, one, target, since)),
  );
  return recovered.filter((one) => one !== null);
}

async function recoverOne(
  connection: Connection,
  listed: Listed,
  target: (task: string) => RecoveryTarget | "live" | null,
  since: number | null,
): Promise<Recovered | null> {
  const container = connection.docker.getContainer(listed.Id);
  const task = listed.Labels[LABELS.task] ?? "";
  const goal = target(task);
  if (goal === "live") return null;
  const inspected = await inspect(container);
  if (inspected === null) return null;
  const group = groupOf(inspected.HostConfig.CgroupParent ?? "");
  const kind = listed.Labels[LABELS.kind];

  if (goal !== null && kind === "task" && endedByItself(listed, inspected, since)) {
    const outcome = await adopt(container, inspected, group, goal);
    return { task, outcome, release: () => discard(container, group) };
  }
  await removeContainer(container);
  await group?.remove();
  if (goal === null || kind === "probe") return null;
  return { task, outcome: null, release: async () => {} };
}

async function inspect(container: Container): Promise<Inspected | null> {
  try {
    return inspectSchema.parse(await container.inspect());
  } catch (error) {
    // Removed since it was listed.
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

/**
 * Not what was told to end, and not what a daemon may have ended when it shut down: what has its
 * exit codes, or began before this daemon did. A simulation that had ended by itself all the same
 * runs once more than it had to.
 */
function endedByItself(listed: Listed, { State }: Inspected, since: number | null): boolean {
  if (since !== null && Date.parse(State.StartedAt) < since) return false;
  if (State.Status !== "exited" || wasStopped(listed.Names ?? [])) return false;
  return State.OOMKilled === true || !mayBeDaemons(State.ExitCode);
}

async function adopt(
  container: Container,
  { State, Mounts }: Inspected,
  group: Group | null,
  goal: RecoveryTarget,
): Promise<Outcome> {
  const pass = demultiplex((_channel, chunk) => goal.log(chunk));
  // Followed to its end, which has come: only so does dockerode tell of a connection that breaks.
  const log = await container.logs({ stdout: true, stderr: true, follow: true });
  for await (const chunk of readable(log)) pass(chunk);

  let ending =
    State.OOMKilled === true && State.ExitCode !== 0 ? outOfMemory() : exited(State.ExitCode);
  const mounted = Mounts?.find((one) => one.Destination === OUTPUT && one.Type === "bind")?.Source;
  if (mounted) {
    const there = (await realpath(mounted)) === (await realpath(goal.output));
    if (!there) await moveContent(mounted, goal.output);
  } else {
    // An orchestrator may have been killed, or its connection have broken, in the middle of this.
    await clearFolder(goal.output);
    ending = withDropped(ending, await download(container, goal.output, undefined));
  }
  const milliseconds = Date.parse(State.FinishedAt) - Date.parse(State.StartedAt);
  return {
    ...ending,
    seconds: Math.max(0, milliseconds / 1000),
    ...(group?.read() ?? { cpuSeconds: null, peakMemory: null }),
  };
}

async function discard(container: Container, group: Group | null): Promise<void> {
  try {
    await removeContainer(container);
    await group?.remove();
  } catch {
    // The next recovery finds it again.
  }
}
