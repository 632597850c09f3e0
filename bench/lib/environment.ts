import { execFileSync } from "node:child_process";
import { cpus, loadavg, machine, release, totalmem, type } from "node:os";

/** What a number was measured on, without which it says nothing. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly system: string;
  readonly node: string;
  /** The daemon's version, or null where none answers. */
  readonly docker: string | null;
  /** Average over the last minute, before anything is measured. */
  readonly load: number;
  /** ISO 8601. */
  readonly at: string;
}

export function readEnvironment(): Environment {
  const all = cpus();
  return {
    cpu: all[0]?.model ?? "unknown CPU",
    cores: all.length,
    memory: totalmem(),
    system: `${type()} ${release()} ${machine()}`,
    node: process.version,
    docker: dockerVersion(),
    load: load(),
    at: new Date().toISOString(),
  };
}

/** Processes that run or want to, averaged over the last minute. */
export function load(): number {
  return loadavg()[0] ?? 0;
}

/** The version of the daemon that the docker command reaches; null where none answers. */
function dockerVersion(): string | null {
  try {
    return execFileSync("docker", ["version", "--format", "{{.Server.Version}}"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    // No command or no daemon: what needs one is skipped by name.
    return null;
  }
}
