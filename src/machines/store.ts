import { chmod, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ReportedError } from "../sweep/errors.ts";
import { type LeaseRecord, parseRecord } from "./record.ts";

/** Where a lease's files are: every path absolute, all readable by their owner alone. */
export interface LeaseFiles {
  readonly folder: string;
  readonly record: string;
  /** Our private key; the public one is beside it with `.pub`. */
  readonly identity: string;
  /** The host keys that a machine may show. One file each: several are changed at once. */
  knownHosts(machine: string): string;
  /** A machine's block in ssh's configuration, which the store's own includes. */
  sshConfig(machine: string): string;
  readonly lock: string;
}

/** A lease whose record this version cannot read: nothing is known of it but its place. */
export interface DamagedRecord {
  readonly id: string;
  readonly path: string;
  readonly problem: string;
}

/** What is known on this computer of rented machines: the journal of all leases. */
export interface Store {
  readonly folder: string;
  /** An ssh configuration with every leased machine by its name, for `ssh -F`. */
  readonly sshConfig: string;
  files(id: string): LeaseFiles;
  /** All leases; a record that cannot be read is told and is in nobody's way. */
  list(): Promise<{
    readonly records: readonly LeaseRecord[];
    readonly damaged: readonly DamagedRecord[];
  }>;
  /** Null where there is none. @throws ReportedError for one that cannot be read. */
  read(id: string): Promise<LeaseRecord | null>;
  /** Writes the first record of a lease, durably: a crash leaves it whole or leaves nothing. */
  create(record: LeaseRecord): Promise<void>;
  /** Replaces a lease's record, durably. @throws ReportedError where the lease is gone. */
  write(record: LeaseRecord): Promise<void>;
  /** Forgets a lease and its keys. */
  remove(id: string): Promise<void>;
  /**
   * Holds a lease for one process, whatever becomes of that. Null where another one holds it, or
   * where there is no such lease.
   */
  lock(id: string): Disposable | null;
}

/**
 * Where leases are recorded: `SIM_PIPELINE_STATE`, else sim-pipeline's folder in the user's folder
 * for state (https://specifications.freedesktop.org/basedir-spec/latest/, where a relative path
 * counts as none).
 */
export function storeFolder(env: Readonly<Record<string, string | undefined>>): string {
  const own = env.SIM_PIPELINE_STATE ?? "";
  if (own !== "") return resolve(own);
  const state = env.XDG_STATE_HOME ?? "";
  return join(isAbsolute(state) ? state : join(homedir(), ".local/state"), "sim-pipeline");
}

/** What ssh expands or cannot quote in its configuration's paths (ssh_config(5), TOKENS; glob(7)). */
const UNUSABLE = /["'\\$%*?[\]{}\p{Cc}]/u;

/**
 * Opens the store of a folder, which is made where it is missing.
 * @throws ReportedError (3) where that is refused.
 */
export async function openStore(folder: string): Promise<Store> {
  const leases = join(folder, "leases");
  const sshConfig = join(folder, "ssh_config");
  const place = (id: string) => join(leases, id);
  const files = (id: string): LeaseFiles => ({
    folder: place(id),
    record: join(place(id), "lease.json"),
    identity: join(place(id), "id_ed25519"),
    knownHosts: (machine) => join(place(id), `${machine}.known_hosts`),
    sshConfig: (machine) => join(place(id), `${machine}.ssh_config`),
    lock: join(place(id), "lock"),
  });
  if (UNUSABLE.test(folder) || !isAbsolute(folder)) {
    throw new ReportedError(
      3,
      `Leases cannot be recorded in ${JSON.stringify(folder)}: ssh reads keys from there, and takes ` +
        "some of these characters for something else. Name another absolute path in SIM_PIPELINE_STATE.",
    );
  }
  await refusing(folder, async () => {
    await mkdir(leases, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    const include = `Include "${join(leases, "*/*.ssh_config")}"\n`;
    if ((await readOptional(sshConfig)) !== include) await writeDurably(sshConfig, include);
    await sweepLeftovers(leases);
  });

  const read = async (id: string) => {
    const text = await refusing(folder, () => readOptional(files(id).record));
    return text === null ? null : parseRecord(text);
  };
  return {
    folder,
    sshConfig,
    files,
    async list() {
      const entries = await refusing(folder, () => readdir(leases));
      const records: LeaseRecord[] = [];
      const damaged: DamagedRecord[] = [];
      for (const id of entries.filter((name) => !name.startsWith(".")).sort()) {
        try {
          const record = await read(id);
          if (record !== null) {
            records.push(named(record, id));
            continue;
          }
          // Released by another process since the folder was read, or damaged.
          if ((await readdir(leases)).includes(id)) throw new Error("it is missing");
        } catch (error) {
          damaged.push({ id, path: files(id).record, problem: messageOf(error) });
        }
      }
      return { records, damaged };
    },
    async read(id) {
      try {
        const record = await read(id);
        return record === null ? null : named(record, id);
      } catch (cause) {
        throw new ReportedError(3, damagedText(files(id).record, messageOf(cause)), { cause });
      }
    },
    async create(record) {
      await refusing(folder, async () => {
        const made = join(leases, `.new-${record.id}`);
        await mkdir(made, { mode: 0o700 });
        await writeDurably(join(made, "lease.json"), textOf(record));
        await rename(made, place(record.id));
        await syncFolder(leases);
      });
    },
    async write(record) {
      await refusing(folder, () => writeDurably(files(record.id).record, textOf(record)));
    },
    async remove(id) {
      await refusing(folder, async () => {
        // By rename: no crash leaves a lease's folder without its record.
        const old = join(leases, `.old-${id}`);
        if (!(await renamed(place(id), old))) return;
        await syncFolder(leases);
        await rm(old, { recursive: true, force: true });
      });
    },
    lock: (id) => lockFile(files(id).lock),
  };
}

/** What to do about a record that cannot be read. */
export function damagedText(path: string, problem: string): string {
  return (
    `Cannot read the lease in ${path}: ${problem}.\n` +
    "Its machines power off at their deadline and `sim-pipeline machines reap` removes them then; " +
    "look for them in `sim-pipeline machines ls` or the provider's control panel. " +
    "Once they are gone, remove the folder."
  );
}

/**
 * Replaces a file so that it is whole after a crash, with the old content or the new. Readable by
 * its owner alone.
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  {
    await using file = await open(temporary, "w", 0o600);
    await file.writeFile(text);
    await file.sync();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

/** What a crash left of a lease that was just being forgotten: keys of machines that are gone. */
async function sweepLeftovers(leases: string): Promise<void> {
  for (const name of await readdir(leases)) {
    if (name.startsWith(".old-")) await rm(join(leases, name), { recursive: true, force: true });
  }
}

async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

async function readOptional(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** The lock is SQLite's own, which the operating system drops when the process dies. */
function lockFile(path: string): Disposable | null {
  let lock: DatabaseSync;
  try {
    lock = new DatabaseSync(path, { timeout: 0 });
  } catch {
    return null; // Its folder is gone.
  }
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch {
    lock.close();
    return null;
  }
  return { [Symbol.dispose]: () => lock.close() };
}

/** @throws Error for a record that somebody moved: its files and machines are another lease's. */
function named(record: LeaseRecord, id: string): LeaseRecord {
  if (record.id !== id) throw new Error(`it is the record of lease ${record.id}`);
  return record;
}

function textOf(record: LeaseRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

async function refusing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new ReportedError(
      3,
      `Cannot use the folder of leases ${folder}: ${messageOf(cause)}\n` +
        "It records rented machines so that they are given back. Make it writable, or name another " +
        "one in SIM_PIPELINE_STATE.",
      { cause },
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error ? String(error.code) : null;
}
