import { chownSync } from "node:fs";
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
  /** Who the task runs as. */
  readonly owner: Owner;
  /** Whether the task's folders are mounted; else they are copied. */
  readonly shared: boolean;
  /** Whether containers get control groups of ours. */
  readonly groups: boolean;
  /** The Docker network of tasks that may have one. */
  network(task: Task): Promise<string | null>;
  /** The daemon's lifetime in which a task begins. */
  life(): Promise<Life>;
}

/** What only a container of the image can tell. */
export interface Survey {
  /** Whether the daemon's bind mounts are our files. */
  readonly shared: boolean;
  /** Who the image's own user is; null where its name is unknown even to the image. */
  readonly imageOwner: Owner | null;
}

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

/** Who a task runs as, by numbers. */
export function ownerOf(daemon: Daemon, imageOwner: Owner | null, task: Task): Owner {
  const user = containerUser(task.user, daemon);
  const owner = user === null ? imageOwner : resolveOwner(user, "", "");
  // A user that nobody knows: the daemon will say so.
  return owner ?? ROOT;
}

const ROOT: Owner = { uid: 0, gid: 0 };

/**
 * Whether a task can be given our own folders: it may write to them, and what it writes we may
 * move and remove. Another user's files, where we are not root, are copied instead.
 */
export function canShare(daemon: Daemon, owner: Owner): boolean {
  const own = process.getuid?.();
  // Without such ids (Windows), the daemon's file sharing makes every file the user's.
  if (own === undefined) return true;
  // Its root is who runs the daemon; all others are ids that belong to nobody here.
  if (daemon.rootless) return own !== 0 && owner.uid === 0;
  return own === 0 || own === owner.uid;
}

/** Lets the task write to a folder of ours that is mounted into its container. */
export function handOver(owner: Owner, folder: string): void {
  if (process.getuid?.() === 0) chownSync(folder, owner.uid, owner.gid);
}
