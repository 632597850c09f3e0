import { chmodSync, chownSync } from "node:fs";
import type { Container } from "dockerode";
import type { Task } from "../engine.ts";
import type { Connection } from "./connect.ts";
import { bind, containerOptions, type Settings } from "./container.ts";
import type { Containers } from "./containers.ts";
import type { Daemon } from "./daemon.ts";
import { isLost } from "./errors.ts";
import { type Marker, makeMarker, OUTPUT, readFileOf } from "./files.ts";
import type { PreparedImage } from "./image.ts";
import { containerUser, type Owner, resolveOwner } from "./users.ts";
import type { Life } from "./vigil.ts";

/** All that a task's container depends on and the task itself does not say. */
export interface Site {
  readonly connection: Connection;
  readonly daemon: Daemon;
  readonly containers: Containers;
  readonly image: PreparedImage;
  /** Whether the daemon's bind mounts are our files. */
  readonly shared: boolean;
  /** Whether containers get control groups of ours. */
  readonly groups: boolean;
  /** Who the image's own user is; null where its name is unknown even to the image. */
  readonly imageOwner: Owner | null;
  /** The Docker network of tasks that may have one. */
  network(task: Task): Promise<string | null>;
  /** The daemon's lifetime in which a task begins. */
  life(): Promise<Life>;
}

/** What only a container of the image can tell. */
export type Survey = Pick<Site, "shared" | "imageOwner">;

/**
 * Looks into a container that is created and never started: whether a bind mount of the task's
 * folder shows our files there, and who the image's user is. About 150 ms, once per engine.
 */
export async function survey(
  site: Pick<Site, "connection" | "daemon" | "containers" | "image">,
  task: Task,
): Promise<Survey> {
  await using marker = await makeMarker(task.scratch);
  const { user } = site.image.content.config;
  // With another idea of who is who, files in a bind mount would belong to nobody we know.
  const mounted = site.daemon.remapped ? null : await createProbe(site, task, marker);
  const container = mounted ?? (await createProbe(site, task, null));
  if (container === null) return { shared: false, imageOwner: null };
  try {
    const shared =
      mounted !== null &&
      (await readFileOf(mounted, `${OUTPUT}/${marker.name}`)) === marker.content;
    const named = !/^(\d+:\d+)?$/.test(user);
    const passwd = named ? await readFileOf(container, "/etc/passwd") : null;
    const group = named ? await readFileOf(container, "/etc/group") : null;
    return { shared, imageOwner: resolveOwner(user, passwd ?? "", group ?? "") };
  } finally {
    await site.containers.remove(container);
  }
}

async function createProbe(
  site: Pick<Site, "containers" | "image">,
  task: Task,
  marker: Marker | null,
): Promise<Container | null> {
  const settings: Settings = {
    kind: "probe",
    image: site.image,
    user: null,
    output: null,
    mounts: marker === null ? [] : [bind(marker.folder, OUTPUT, true)],
    network: null,
    cgroupParent: null,
    entrypoint: null,
    // Never run, but without one an image without a command cannot become a container.
    command: ["true"],
    env: {},
    stdin: false,
  };
  try {
    return await site.containers.create(containerOptions(task, settings), task.platform, null);
  } catch (error) {
    // A folder that the daemon does not have is refused; whatever else is wrong with the task's
    // settings, its own container will be told.
    if (marker === null || isLost(error)) throw error;
    return null;
  }
}

/** Who the task runs as, by numbers. */
export function ownerOf(site: Site, task: Task): Owner {
  const user = containerUser(task.user, site.daemon);
  if (user === null) return site.imageOwner ?? { uid: 0, gid: 0 };
  return resolveOwner(user, "", "") ?? { uid: 0, gid: 0 };
}

/** Lets the task write to a folder of ours that is mounted into its container. */
export function handOver(site: Site, task: Task, folder: string): void {
  const { uid, gid } = ownerOf(site, task);
  const own = process.getuid?.();
  if (own === undefined || own === uid || (site.daemon.rootless && uid === 0)) return;
  if (own === 0) chownSync(folder, uid, gid);
  else chmodSync(folder, 0o777);
}

/** Takes back what `handOver` opened to everyone. */
export function takeBack(folder: string): void {
  if (process.getuid?.() !== 0) chmodSync(folder, 0o755);
}
