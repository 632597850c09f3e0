/**
 * Finding and ending the processes of a task. Each carries its run and task in its environment,
 * which children inherit whatever process group or session they move to.
 */

import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";

export const RUN_MARK = "SIM_PIPELINE_RUN";
export const TASK_MARK = "SIM_PIPELINE_TASK";

export interface MarkedProcess {
  readonly pid: number;
  readonly task: string;
}

const HAS_PROC = process.platform === "linux";

/** How long a killed process may take to go; one that the kernel holds (a hung disk) stays. */
const GIVE_UP_MS = 5_000;

/** More pids than this to try one by one, and a listing of /proc is cheaper. */
const TRY_PIDS = 256;

/** The live processes of a run. */
export async function findProcesses(run: string): Promise<MarkedProcess[]> {
  return HAS_PROC ? find(run, listPids()) : parsePs(await ps(), run);
}

/**
 * The live processes of a task whose first process had this pid, found cheaply: only pids that the
 * kernel gave since are looked at, which after a short task are a handful. Linux only: null
 * elsewhere.
 */
export function findDescendants(run: string, task: string, pid: number): number[] | null {
  if (!HAS_PROC) return null;
  // The last field is the newest pid in our pid namespace: proc_loadavg(5).
  const last = Number(readFileSync("/proc/loadavg", "latin1").trimEnd().split(" ").at(-1));
  const few = last >= pid && last - pid <= TRY_PIDS;
  // Pids wrap around, so that a newest one below ours says nothing of the others.
  const pids = few ? range(pid + 1, last) : listPids().filter((one) => last < pid || one > pid);
  return find(run, pids)
    .filter((one) => one.task === task)
    .map((one) => one.pid);
}

/**
 * Kills what `find` finds until it finds nothing more: a process may start another one while it is
 * being killed. Gives back what the kernel did not let go of.
 */
export async function endAll(find: () => Promise<number[]> | number[]): Promise<number[]> {
  const deadline = performance.now() + GIVE_UP_MS;
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    const pids = await find();
    if (pids.length === 0 || performance.now() > deadline) return pids;
    for (const pid of pids) send(pid, "SIGKILL");
    // No event tells of the end of a process that is not our child.
    await setTimeout(wait);
  }
}

/** Sends a signal to a process, or to a group where the id is negative; false where it is gone. */
export function send(id: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(id, signal);
  } catch {
    // Gone (ESRCH), or no longer ours to signal (EPERM: it changed its user).
    return false;
  }
}

/** The processes in a listing of `ps axeww`, which shows environments behind the commands. */
export function parsePs(listing: string, run: string): MarkedProcess[] {
  return listing.split("\n").flatMap((line) => {
    const pid = /^\s*(\d+)\s/.exec(line)?.[1];
    const task = new RegExp(` ${TASK_MARK}=(\\S+)`).exec(line)?.[1];
    if (pid === undefined || task === undefined) return [];
    return `${line} `.includes(` ${RUN_MARK}=${run} `) ? [{ pid: Number(pid), task }] : [];
  });
}

async function ps(): Promise<string> {
  const listing = await promisify(execFile)("ps", ["axeww", "-o", "pid=", "-o", "command="], {
    maxBuffer: 2 ** 28,
  });
  return listing.stdout;
}

function find(run: string, pids: Iterable<number>): MarkedProcess[] {
  const found: MarkedProcess[] = [];
  for (const pid of pids) {
    const environ = `\0${readEnviron(pid)}`;
    if (!environ.includes(`\0${RUN_MARK}=${run}\0`)) continue;
    const task = new RegExp(`\0${TASK_MARK}=([^\0]*)\0`).exec(environ)?.[1];
    if (task !== undefined) found.push({ pid, task });
  }
  return found;
}

/** Empty for a process that is gone, not ours, or a zombie. */
function readEnviron(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}

function listPids(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
