import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** The process that uses a lease, told apart from a later one of the same number. */
export interface Holder {
  readonly pid: number;
  /** Ticks after the system's start at which the process began; null where there is no /proc. */
  readonly started: string | null;
  /** The system's start; null where there is no /proc. */
  readonly boot: string | null;
  /** Where the number means anything: a container counts its own; null where there is no /proc. */
  readonly space: string | null;
  readonly host: string;
}

/** This process. */
export function thisHolder(): Holder {
  return holderOf(process.pid);
}

/** A process of this computer. */
export function holderOf(pid: number): Holder {
  return { pid, started: startOf(pid), ...system(), host: hostname() };
}

/**
 * Whether a lease's holder is alive. `unknown` for one on another computer, or in another container:
 * it is taken to be alive until the lease's deadline.
 */
export function livenessOf(holder: Holder): "alive" | "dead" | "unknown" {
  if (holder.host !== hostname()) return "unknown";
  const { boot, space } = system();
  if (boot !== holder.boot) return "dead";
  if (space !== holder.space) return "unknown";
  if (holder.started !== null) return startOf(holder.pid) === holder.started ? "alive" : "dead";
  try {
    process.kill(holder.pid, 0);
    return "alive";
  } catch (error) {
    // EPERM: it is there and another user's.
    return error instanceof Error && "code" in error && error.code === "ESRCH" ? "dead" : "alive";
  }
}

function system(): { readonly boot: string | null; readonly space: string | null } {
  try {
    return {
      boot: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
      space: readlinkSync("/proc/self/ns/pid"),
    };
  } catch {
    return { boot: null, space: null };
  }
}

/** A process's start in ticks; null where it is gone, or is a zombie that nobody has waited for. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command before may hold spaces and parentheses; proc_pid_stat(5) counts it as the second.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
