import { stat } from "node:fs/promises";
import { z } from "zod";
import { platformOf } from "../../registry/identity.ts";
import { ReportedError } from "../../sweep/errors.ts";
import type { Connection } from "./connect.ts";
import { isLost, statusOf, unreachable } from "./errors.ts";

/** What the engine wants to know of a daemon, asked once. */
export interface Daemon {
  readonly version: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** `os/arch`. */
  readonly platform: string;
  /** Its root is an ordinary user of the host: root in a container is the user it belongs to. */
  readonly rootless: boolean;
  /** Users in containers are other users on the host (`userns-remap`). */
  readonly remapped: boolean;
  /** `cgroupfs` or `systemd`. */
  readonly cgroupDriver: string;
}

const versionSchema = z.object({ Version: z.string(), Os: z.string(), Arch: z.string() });

const infoSchema = z.object({
  NCPU: z.number(),
  MemTotal: z.number(),
  SecurityOptions: z.array(z.string()).nullish(),
  CgroupDriver: z.string().nullish(),
});

const networkSchema = z.object({ Created: z.string() });

/**
 * When the daemon was started, in milliseconds by its own clock, as far as that can be told: it
 * makes its default network at every start, and its socket unless systemd holds that.
 */
export async function startOfDaemon(connection: Connection): Promise<number | null> {
  const times: number[] = [];
  try {
    const network = await connection.docker.getNetwork("bridge").inspect();
    times.push(Date.parse(networkSchema.parse(network).Created));
  } catch (error) {
    // A daemon may be told to have none.
    if (statusOf(error) !== 404) throw error;
  }
  const socket = /^unix:\/\/(.+)$/.exec(connection.host.url)?.[1];
  if (socket !== undefined) times.push((await stat(socket)).birthtimeMs);
  const known = times.filter((time) => time > 0);
  return known.length === 0 ? null : Math.max(...known);
}

/** Throws a ReportedError (3) where no daemon answers, or one for Windows containers. */
export async function askDaemon(connection: Connection): Promise<Daemon> {
  const { docker, host } = connection;
  const [answeredVersion, answeredInfo] = await Promise.all([
    docker.version(),
    docker.info(),
  ]).catch(async (error: unknown) => {
    const found = isLost(error) ? await connection.diagnose() : null;
    throw found ?? unreachable(error, host);
  });
  const version = versionSchema.parse(answeredVersion);
  const info = infoSchema.parse(answeredInfo);
  if (version.Os !== "linux") {
    throw new ReportedError(
      3,
      `The Docker daemon at ${host.url} runs ${version.Os} containers: switch it to Linux ones.`,
    );
  }
  const security = (info.SecurityOptions ?? []).map((option) => option.split(",", 1)[0]);
  return {
    version: version.Version,
    cpus: info.NCPU,
    memory: info.MemTotal,
    platform: platformOf({ os: version.Os, architecture: version.Arch, variant: "" }),
    rootless: security.includes("name=rootless"),
    remapped: security.includes("name=userns"),
    cgroupDriver: info.CgroupDriver ?? "",
  };
}
