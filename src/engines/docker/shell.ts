/**
 * Talking to a POSIX shell that reads commands from a pipe and runs one task after the other:
 * what it is told, and how its answers are told apart from what the tasks print.
 */

import { randomBytes } from "node:crypto";
import type { Channel } from "./streams.ts";

/** What the shell says after each command. */
export interface Report {
  /** Of the task; 128 + n for a death by signal n. */
  readonly exitCode: number;
  /** Used by all that ran in the container so far; null where the kernel does not tell. */
  readonly cpuSeconds: number | null;
  /** Processes killed for memory in the container so far, as far as it was looked at. */
  readonly oomKills: number;
}

/**
 * Marks a report. Begins with a control character, so that text is hardly ever held back as the
 * possible beginning of one.
 */
export function newNonce(): string {
  return `\x1e${randomBytes(16).toString("hex")}`;
}

/**
 * The first command. The trap keeps the shell alive when all processes get SIGTERM; unlike an
 * ignored signal, a caught one is back to its default in the programs it starts. Variables are
 * named so that no image exports one of them.
 */
export function hello(nonce: string): string {
  return `trap : TERM
for _sim_cpu in /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpuacct/cpuacct.usage /dev/null
do [ -r "$_sim_cpu" ] && break; done
for _sim_oom in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control /dev/null
do [ -r "$_sim_oom" ] && break; done
_sim_kills=0
_sim_status=0
${report(nonce)}`;
}

export interface ShellCommand {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Runs a task in a subshell that becomes it, then ends whatever it left behind: `kill -9 -1`
 * spares the shell itself and PID 1, and finds nothing more once all have been reaped.
 */
export function runCommand(nonce: string, command: ShellCommand): string {
  const named = Object.entries(command.env);
  const exported = named.filter(([name]) => isVariable(name)).map(assignment);
  const odd = named
    .filter(([name]) => !isVariable(name))
    .map(([name, value]) => `${name}=${value}`);
  const words = [...(odd.length === 0 ? [] : ["env", ...odd]), ...command.words];
  const exports = exported.length === 0 ? "" : `export ${exported.join(" ")}\n`;
  return `(${exports}exec ${words.map(quote).join(" ")}) </dev/null
_sim_status=$?
${END_LEFTOVERS}
if [ $_sim_status = 137 ]; then while read -r _sim_key _sim_value
do [ "$_sim_key" = oom_kill ] && _sim_kills=$_sim_value; done <"$_sim_oom"; fi
${report(nonce)}`;
}

/** Empties a folder. */
export function emptyFolder(nonce: string, folder: string): string {
  return `(cd ${quote(folder)} && exec rm -rf ./* ./.[!.]* ./..?*) </dev/null
_sim_status=$?
${report(nonce)}`;
}

/** For a shell of its own, in the same container: SIGTERM to all that runs there. */
export const TERMINATE_ALL = "kill -TERM -1";

const END_LEFTOVERS = "while kill -9 -1 2>/dev/null; do :; done";

/**
 * On stdout the figures; on stderr as well, since what a task wrote to the two may arrive in any
 * order, and the log is complete only when both have come this far. The first line of the CPU file
 * is `usage_usec N` in version 2 of control groups, and nanoseconds in version 1.
 */
function report(nonce: string): string {
  return `_sim_a= _sim_b=; read -r _sim_a _sim_b <"$_sim_cpu"
echo "${nonce} $_sim_status $_sim_kills $_sim_a $_sim_b"; echo "${nonce}" >&2
`;
}

/** Names that a shell can export, without those that some shell keeps or gives a meaning. */
function isVariable(name: string): boolean {
  return (
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) &&
    !/^(E?UID|PPID|BASH.*|SHELLOPTS|OPT(IND|ARG)|LINENO|RANDOM|SECONDS|_)$/.test(name)
  );
}

function assignment([name, value]: readonly [string, string]): string {
  return `${name}=${quote(value)}`;
}

/** Nothing has a meaning between single quotes but the closing one. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export interface Listener {
  push(channel: Channel, chunk: Buffer): void;
  readonly report: Promise<Report>;
}

/**
 * Separates a task's output from the shell's report, which comes behind it on both channels and
 * begins with a nonce that the task cannot know. Only what may be the beginning of the nonce is
 * held back.
 */
export function listen(nonce: string, log: (chunk: Buffer) => void): Listener {
  const { promise, resolve, reject } = Promise.withResolvers<Report>();
  const mark = Buffer.from(nonce);
  const lines: Partial<Record<Channel, string>> = {};
  const pending: Record<Channel, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };

  const push = (channel: Channel, chunk: Buffer): void => {
    const data = pending[channel].length === 0 ? chunk : Buffer.concat([pending[channel], chunk]);
    const found = data.indexOf(mark);
    const keepFrom = found >= 0 ? found : data.length - overlap(data, mark);
    if (keepFrom > 0) log(data.subarray(0, keepFrom));
    // Copied: it outlives the buffer that the network reuses.
    pending[channel] = Buffer.from(data.subarray(keepFrom));
    if (found < 0) return;
    const end = pending[channel].indexOf("\n");
    if (end < 0) return;
    lines[channel] = pending[channel].subarray(0, end).toString();
    if (lines.stdout === undefined || lines.stderr === undefined) return;
    const report = parseReport(lines.stdout);
    if (report === null) reject(new Error(`the shell answered: ${lines.stdout}`));
    else resolve(report);
  };
  return { push, report: promise };
}

/** How many bytes at the end of the data may be the beginning of the mark. */
function overlap(data: Buffer, mark: Buffer): number {
  for (let length = Math.min(data.length, mark.length - 1); length > 0; length -= 1) {
    if (data.subarray(data.length - length).equals(mark.subarray(0, length))) return length;
  }
  return 0;
}

function parseReport(line: string): Report | null {
  const [, status, kills, first = "", second = ""] = line.split(" ");
  const exitCode = Number(status);
  if (!Number.isInteger(exitCode) || status === "") return null;
  const cpuSeconds =
    first === "usage_usec" ? Number(second) * 1e-6 : first === "" ? null : Number(first) * 1e-9;
  return { exitCode, oomKills: Number(kills), cpuSeconds };
}
