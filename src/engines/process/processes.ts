/**
 * Finding and ending the processes of a task. Each carries its run and task in its environment,
 * which children inherit whatever process group or session they move to. An idle shell of ours
 * carries only its run.
 */

import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";

export const RUN_MARK = "SIM_PIPELINE_RUN";
export const TASK_MARK = "SIM_PIPELINE_TASK";

export interface MarkedProcess {
  readonly pid: number;
  /** Null for a shell. */
  readonly task: string | null;
}

const HAS_PROC = process.platform === "linux";

/** How long killed processes may take to go; one that the kernel holds (a hung disk) stays. */
const GIVE_UP_MS = 5_000;

/** More pids than this to try one by one, and a listing of /proc is cheaper. */
const TRY_PIDS = 256;

/** The live processes of a run. */
export async function findRun(run: string): Promise<MarkedProcess[]> {
  if (!HAS_PROC) return parsePs(await ps(), run);
  return listPids().flatMap((pid) => {
    const marks = readMarks(pid);
    return marks?.run === run ? [{ pid, task: marks.task }] : [];
  });
}

/** The live processes of a task, by their marks or, on Linux, their process group. */
export async function findTask(run: string, task: string, group?: number): Promise<number[]> {
  const marked = (await findRun(run)).filter((one) => one.task === task).map((one) => one.pid);
  if (!HAS_PROC || group === undefined) return marked;
  const grouped = listPids().filter((pid) => pid !== group && readGroup(pid) === group);
  return [...new Set([...marked, ...grouped])];
}

/** The pid that was given out last; 0 where that cannot be known. */
export function newestPid(): number {
  if (!HAS_PROC) return 0;
  // In our pid namespace: the last field of proc_loadavg(5).
  return Number(readFileSync("/proc/loadavg", "utf8").trimEnd().split(" ").at(-1));
}

/**
 * The live processes of a task that has ended, by their marks or process group. Found cheaply,
 * since this comes after every task: only pids are looked at that were given out after `newest`,
 * the newest one before the task, which for a short task are a handful.
 * Linux only: null elsewhere.
 */
export function findLeftBehind(ended: {
  readonly run: string;
  readonly task: string;
  readonly group: number;
  readonly newest: number;
}): number[] | null {
  if (!HAS_PROC) return null;
  const last = newestPid();
  // The task had a process. Where the newest pid is the same after it, it is not to be trusted
  // (containers may see a made-up /proc/loadavg); where it is smaller, pids began anew.
  const ascending = last > ended.newest;
  const pids =
    ascending && last - ended.newest <= TRY_PIDS
      ? range(ended.newest + 1, last)
      : listPids().filter((pid) => !ascending || pid > ended.newest);
  return pids.filter((pid) => {
    // Asking first, since a failed read throws, and that costs more than all the rest.
    if (pid === ended.group || !existsSync(`/proc/${pid}`)) return false;
    const marks = readMarks(pid);
    if (marks?.run === ended.run && marks.task === ended.task) return true;
    return readGroup(pid) === ended.group;
  });
}

/**
 * Kills what `find` finds until it finds nothing more: a process may start another one while it is
 * being killed.
 */
export async function endAll(find: () => Promise<number[]> | number[]): Promise<void> {
  const deadline = performance.now() + GIVE_UP_MS;
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    const pids = await find();
    if (pids.length === 0 || performance.now() > deadline) return;
    for (const pid of pids) send(pid, "SIGKILL");
    // No event tells of the end of a process that is not our child.
    await setTimeout(wait);
  }
}

/** Sends a signal to a process, or to a group where the id is negative. */
export function send(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal);
  } catch {
    // Gone (ESRCH), or no longer ours to signal (EPERM: it changed its user).
  }
}

/** The processes in a listing of `ps axeww`, which shows environments behind the commands. */
export function parsePs(listing: string, run: string): MarkedProcess[] {
  return listing.split("\n").flatMap((line) => {
    const pid = /^\s*(\d+)\s/.exec(line)?.[1];
    if (pid === undefined || !`${line} `.includes(` ${RUN_MARK}=${run} `)) return [];
    const task = new RegExp(` ${TASK_MARK}=(\\S+)`).exec(line)?.[1] ?? null;
    return [{ pid: Number(pid), task }];
  });
}

async function ps(): Promise<string> {
  const listing = await promisify(execFile)("ps", ["axeww", "-o", "pid=", "-o", "command="], {
    maxBuffer: 2 ** 28,
  });
  return listing.stdout;
}

/** The marks of a live process; null for one without, and for a zombie. */
function readMarks(pid: number): { readonly run: string; readonly task: string | null } | null {
  const environ = readProc(pid, "environ");
  // Most processes of a machine are not ours.
  if (!environ.includes(RUN_MARK)) return null;
  const variables = environ.split("\0");
  const value = (name: string): string | null =>
    variables.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
  const run = value(RUN_MARK);
  return run === null ? null : { run, task: value(TASK_MARK) };
}

/** The process group of a live process; null for a zombie. */
function readGroup(pid: number): number | null {
  const stat = readProc(pid, "stat");
  // Behind the command: state, parent, group: proc_pid_stat(5).
  const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return state === "Z" || group === undefined ? null : Number(group);
}

/** Empty for a process that is gone or not ours. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
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
