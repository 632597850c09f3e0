import { z } from "zod";
import { platformOf } from "../../registry/identity.ts";
import { ReportedError } from "../../sweep/errors.ts";
import type { Connection } from "./connect.ts";
import { unreachable } from "./errors.ts";

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

/** Throws a ReportedError (3) where no daemon answers, or one for Windows containers. */
export async function askDaemon(connection: Connection): Promise<Daemon> {
  const { docker, host } = connection;
  const [answeredVersion, answeredInfo] = await Promise.all([
    docker.version(),
    docker.info(),
  ]).catch((error: unknown) => {
    throw unreachable(error, host);
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
