import type { Daemon } from "./daemon.ts";

/** A user and group by their numbers. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Who tasks of root's run as: `nobody` on every distribution that matters. */
const UNPRIVILEGED: Owner = { uid: 65_534, gid: 65_534 };

/**
 * What a container's `User` is for a sweep's `user`: `uid:gid`, or null for the image's own.
 * `host` is the invoking user, so that outputs are theirs; in a rootless daemon that user is the
 * container's root. Someone who is root already gets an unprivileged user.
 */
export function containerUser(user: string, daemon: Daemon): string | null {
  if (user === "image") return null;
  if (user !== "host") return user;
  if (daemon.rootless) return "0:0";
  // Where there are no such ids (Windows), the daemon's file sharing makes every owner the user.
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  return formatOwner(uid === 0 ? UNPRIVILEGED : { uid, gid });
}

function formatOwner(owner: Owner): string {
  return `${owner.uid}:${owner.gid}`;
}

/**
 * The numbers of a `User` as Docker takes it (`name`, `uid`, `uid:gid`, `name:group`, empty for
 * root), given the image's /etc/passwd and /etc/group. Null where the image does not know the name.
 */
export function resolveOwner(user: string, passwd: string, group: string): Owner | null {
  const [named = "", groupNamed = ""] = user.split(":");
  const account = findEntry(passwd, named === "" ? "0" : named);
  const uid = numeric(named === "" ? "0" : named) ?? numeric(account?.[2] ?? "");
  if (uid === null) return null;
  if (groupNamed === "") return { uid, gid: numeric(account?.[3] ?? "") ?? 0 };
  const gid = numeric(groupNamed) ?? numeric(findEntry(group, groupNamed)?.[2] ?? "");
  return gid === null ? null : { uid, gid };
}

/** The fields of the line with this name or number. */
function findEntry(file: string, named: string): string[] | undefined {
  const entries = file.split("\n").map((line) => line.split(":"));
  return (
    entries.find((fields) => fields[0] === named) ?? entries.find((fields) => fields[2] === named)
  );
}

function numeric(text: string): number | null {
  return /^\d+$/.test(text) ? Number(text) : null;
}
