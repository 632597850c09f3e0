/**
 * CPU time and memory of processes, from Linux's /proc; elsewhere both are unknown. Node tells
 * nothing of its children's, and a wrapper that does (`time`) doubles the cost of a short task.
 */

import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second in /proc: USER_HZ, 100 on every architecture that Node runs on. */
const TICKS = 100;

export interface Usage {
  /** With a resolution of 10 ms. */
  readonly cpuSeconds: number | null;
  /** Bytes; null for a task too short for a sample. */
  readonly peakMemory: number | null;
}

/**
 * Watches the one task that a shell runs: its CPU time is what the shell's own record of children
 * has more at the end. Memory is sampled after 0.05, 0.1, 0.2, ... seconds, then every second; the
 * kernel keeps each process's high-water mark, so that a sample covers the time before it.
 */
export function watchUsage(shell: number): { end(): Usage } {
  const before = readTimes(shell);
  let sampled: number | null = null;
  let peakMemory: number | null = null;
  let age = 50;
  const sample = (): void => {
    const descendants = listDescendants(shell);
    const memory = usedMemory(descendants);
    if (memory > 0) peakMemory = Math.max(peakMemory ?? 0, memory);
    const seconds = descendants.map(processCpuSeconds).filter((one) => one !== null);
    if (seconds.length > 0) sampled = seconds.reduce((sum, one) => sum + one, 0);
    const wait = Math.min(age, 1_000);
    age += wait;
    timer = setTimeout(sample, wait);
  };
  let timer = setTimeout(sample, age);
  return {
    end: () => {
      clearTimeout(timer);
      const after = readTimes(shell);
      // A shell that died with its task has no record any more.
      if (before === null || after === null) return { cpuSeconds: sampled, peakMemory };
      return { cpuSeconds: (after.children - before.children) / TICKS, peakMemory };
    },
  };
}

/** CPU seconds of a process and of the children it waited for; null where it is gone. */
export function processCpuSeconds(pid: number): number | null {
  const times = readTimes(pid);
  return times === null ? null : (times.own + times.children) / TICKS;
}

/** Ticks; null where the process is gone. */
function readTimes(pid: number): { readonly own: number; readonly children: number } | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === "") return null;
  // The command before may hold spaces and parentheses. Then utime, stime, cutime and cstime are
  // the fields 14 to 17, where the state is 3: proc_pid_stat(5).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15).map(Number);
  return { own: utime + stime, children: cutime + cstime };
}

/** Bytes in use by all now, or the most that one alone ever used, where that is more. */
function usedMemory(pids: readonly number[]): number {
  let now = 0;
  let highest = 0;
  for (const pid of pids) {
    const status = read(`/proc/${pid}/status`);
    now += kibibytes(status, "VmRSS");
    highest = Math.max(highest, kibibytes(status, "VmHWM"));
  }
  return Math.max(now, highest) * 1024;
}

function kibibytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, "m").exec(status)?.[1] ?? 0);
}

function listDescendants(pid: number): number[] {
  const found = listChildren(pid);
  for (const one of found) found.push(...listChildren(one));
  return found;
}

function listChildren(pid: number): number[] {
  // Each thread has its own list.
  return list(`/proc/${pid}/task`).flatMap((thread) => {
    const listed = read(`/proc/${pid}/task/${thread}/children`).trim();
    return listed === "" ? [] : listed.split(" ").map(Number);
  });
}

/** Empty where the process is gone, or there is no /proc. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
