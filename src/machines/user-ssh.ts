import { execFile } from "node:child_process";
import {
  chmod,
  lstat,
  mkdir,
  readFile,
  readlink,
  realpath,
  rename,
  stat,
  writeFile,
} from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { ReportedError } from "../sweep/errors.ts";

const execute = promisify(execFile);

const MARK =
  "# From sim-pipeline, for the machines that it rents; `sim-pipeline machines rm` of the last one takes it away.";

/** The lines of ours in the user's ssh configuration. At its top, so that they are in no Host block. */
function ourLines(sshConfig: string): string {
  return `${MARK}\nInclude "${sshConfig}"\n`;
}

/**
 * Lets plain `ssh`, which the docker client runs, know the machines of a store: adds our lines to
 * the top of the user's ssh configuration, unless they are there. Nothing else of it changes, nor
 * where a symbolic link leads, nor its mode; a new one is its owner's alone.
 *
 * @param home the home folder as ssh takes it, from the system's list of users and not from HOME.
 * @returns the configuration's path where it was changed, else null.
 * @throws ReportedError (3) where it cannot be changed, with what to write there by hand.
 */
export async function includeMachines(home: string, sshConfig: string): Promise<string | null> {
  const lines = ourLines(sshConfig);
  return await changing(home, sshConfig, (text) => (text.includes(lines) ? text : lines + text));
}

/** Takes our lines out again. @throws ReportedError (3) where it cannot be changed. */
export async function excludeMachines(home: string, sshConfig: string): Promise<string | null> {
  return await changing(home, sshConfig, (text) => text.replaceAll(ourLines(sshConfig), ""));
}

async function changing(
  home: string,
  sshConfig: string,
  change: (text: string) => string,
): Promise<string | null> {
  const path = join(home, ".ssh/config");
  try {
    const target = await targetOf(path);
    const before = await contentOf(target);
    const after = change(before?.text ?? "");
    if (after === (before?.text ?? "")) return null;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const temporary = `${target}.sim-pipeline-${process.pid}`;
    await writeFile(temporary, after, { mode: 0o600, flag: "wx" });
    await chmod(temporary, before?.mode ?? 0o600);
    await rename(temporary, target);
    return path;
  } catch (cause) {
    throw new ReportedError(
      3,
      `Cannot change ${path}: ${cause instanceof Error ? cause.message : String(cause)}\n` +
        `The docker client runs plain ssh, which needs this line at its top:\n  Include "${sshConfig}"`,
      { cause },
    );
  }
}

/** Where a path leads, though what it leads to may be missing. */
async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const link = await lstat(path).catch(() => null);
  return link?.isSymbolicLink() === true ? resolve(dirname(path), await readlink(path)) : path;
}

async function contentOf(path: string): Promise<{ text: string; mode: number } | null> {
  try {
    return { text: await readFile(path, "utf8"), mode: (await stat(path)).mode & 0o777 };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** What leads to a machine, of all that ssh tells of its configuration. */
const LEADING = /^(?:hostname|port|user|identityfile|userknownhostsfile) .*$/gm;

/**
 * Whether plain `ssh` finds a machine by its name as our own configuration does: what the user's, of
 * whatever files, comes to. @throws ReportedError (3) where ssh is missing or does not take it.
 */
export async function sshFinds(
  name: string,
  sshConfig: string,
  signal: AbortSignal,
): Promise<boolean> {
  const plain = await settingsOf([name], signal);
  const ours = await settingsOf(["-F", sshConfig, name], signal);
  return plain === ours;
}

async function settingsOf(words: readonly string[], signal: AbortSignal): Promise<string> {
  try {
    const { stdout } = await execute("ssh", ["-G", ...words], { signal });
    return (stdout.match(LEADING) ?? []).join("\n");
  } catch (cause) {
    signal.throwIfAborted();
    const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : "";
    throw new ReportedError(
      3,
      missing
        ? "There is no `ssh` program: install OpenSSH's client (openssh-client)."
        : `ssh does not take its configuration: ${said}`,
      { cause },
    );
  }
}
