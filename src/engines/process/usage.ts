/**
 * CPU time and memory of processes, from Linux's /proc; elsewhere both are unknown. Node tells
 * nothing of a child's use of resources, and a wrapper that does (`time`, a shell's `times`) would
 * double the cost of a short task.
 */

import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second in /proc: USER_HZ, 100 on every architecture that Node runs on. */
const TICKS = 100;

export interface UsageWatch {
  /** CPU seconds as of the last look, with a resolution of 10 ms; null where none was possible. */
  cpuSeconds(): number | null;
  /** Bytes; null for a task too short for a sample. */
  peakMemory(): number | null;
  /**
   * Looks at the CPU time now. At the end of a child's stdout and stderr it is final: the kernel
   * closes them when the process exits, and libuv runs its stream callbacks before it reaps
   * children, so that the process is still there, as a zombie, to be asked.
   */
  lookAtCpu(): void;
  end(): void;
}

/**
 * Samples memory after 0.05, 0.1, 0.2 ... seconds, then every second. The kernel keeps each
 * process's high-water mark, so that a sample covers all the time before it.
 */
export function watchUsage(pid: number): UsageWatch {
  let cpu: number | null = null;
  let peak: number | null = null;
  let age = 50;
  const lookAtCpu = (): void => {
    cpu = processCpuSeconds(pid) ?? cpu;
  };
  const sample = (): void => {
    const memory = treeMemory(pid);
    if (memory !== null) peak = Math.max(peak ?? 0, memory);
    lookAtCpu();
    const wait = Math.min(age, 1_000);
    age += wait;
    timer = setTimeout(sample, wait);
  };
  let timer = setTimeout(sample, age);
  return {
    cpuSeconds: () => cpu,
    peakMemory: () => peak,
    lookAtCpu,
    end: () => clearTimeout(timer),
  };
}

/** CPU seconds of a process and of the children it waited for; null where it is gone. */
export function processCpuSeconds(pid: number): number | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The command before may hold spaces and parentheses. Then utime, stime, cutime and cstime are
  // the fields 14 to 17, where the state is 3: proc_pid_stat(5).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks / TICKS;
}

/**
 * Bytes that a process and its descendants have in memory now, or the highest that one of them
 * alone ever had where that is more. Null where the process is gone.
 */
function treeMemory(pid: number): number | null {
  let now = 0;
  let highest = 0;
  const pids = [pid];
  for (const one of pids) {
    const status = read(`/proc/${one}/status`);
    if (status === null) continue;
    now += kibibytes(status, "VmRSS");
    highest = Math.max(highest, kibibytes(status, "VmHWM"));
    pids.push(...children(one));
  }
  return highest === 0 ? null : Math.max(now, highest) * 1024;
}

function children(pid: number): number[] {
  // Each thread has its own list.
  return list(`/proc/${pid}/task`).flatMap((thread) => {
    const listed = read(`/proc/${pid}/task/${thread}/children`)?.trim() ?? "";
    return listed === "" ? [] : listed.split(" ").map(Number);
  });
}

function kibibytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, "m").exec(status)?.[1] ?? 0);
}

/** Null where the process is gone, or there is no /proc. */
function read(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
