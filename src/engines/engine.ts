import type { Resources, Sweep } from "../sweep/sweep.ts";

/**
 * Where tasks run. The laws that every engine keeps, and that `test/engines/contract.ts` checks:
 * - outputs are complete in the task's `output` folder before `run` resolves;
 * - whatever runs carries the run, the point's index and the attempt, so that `recover` finds it;
 * - what `run` started is gone after `release`, and nothing outlives disposal but what a daemon
 *   that cannot be reached still holds, which the next `recover` ends.
 */
export interface Engine extends AsyncDisposable {
  readonly name: string;
  /**
   * Folders as a task sees them. Given are those on this machine: the task's output folder, and
   * `input` in its scratch folder.
   */
  view(folders: TaskFolders): TaskFolders;
  capacity(): Promise<Capacity>;
  /**
   * Makes ready what every task of the sweep needs (pulls the image, or checks it) and tells its
   * identity. Throws a ReportedError with exit code 2 for a sweep that this engine cannot run at
   * all, 3 where image, registry or daemon refuse.
   */
  prepare(sweep: Sweep, signal: AbortSignal): Promise<ImageIdentity>;
  /**
   * One attempt. Resolves when the task ended for whatever reason and its outputs are in place.
   * When `signal` aborts, the task gets SIGTERM, `task.grace` milliseconds later SIGKILL, and the
   * outcome is `stopped`; when `hooks.kill` aborts, before or after, SIGKILL comes at once.
   * Throws EngineLostError where the daemon or machine went away; a ReportedError where it
   * refuses in a way that would be the same for every task (disk full, image gone).
   */
  run(task: Task, hooks: TaskHooks, signal: AbortSignal): Promise<Finished>;
  /**
   * What an earlier orchestrator of this run left behind. Tasks that ended by themselves come
   * back with their outcome, their outputs copied to the folder that `target` gives and their log
   * written; the rest are ended, removed and come back with a null outcome. `target` returns null
   * for a task whose outcome is already known: it is removed and does not come back; `live` for a task that this
   * orchestrator is running right now: it is left alone.
   */
  recover(
    run: string,
    target: (task: string) => RecoveryTarget | "live" | null,
  ): Promise<Recovered[]>;
  /** Resolves when the daemon answers again after an EngineLostError; rejects when aborted. */
  available(signal: AbortSignal): Promise<void>;
}

/** The daemon or machine went away: the attempt costs no retry. */
export class EngineLostError extends Error {
  override readonly name = "EngineLostError";
}

export interface TaskFolders {
  readonly output: string;
  readonly input: string;
}

export interface Capacity {
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** `os/arch`, as `linux/amd64`. */
  readonly platform: string;
}

export interface ImageIdentity {
  /** `sha256:<hex>`, the same for the same content wherever it comes from. Part of every key. */
  readonly identity: string;
  /** How messages name it: the image reference with its digest, or the process's words. */
  readonly label: string;
}

export interface Mount {
  /** Absolute path of a file or folder on this machine. */
  readonly source: string;
  /** Absolute path in the task. */
  readonly target: string;
  /** True for a rendered template, which differs from task to task. */
  readonly perTask: boolean;
}

/** One attempt as an engine sees it: everything rendered, nothing left to decide. */
export interface Task {
  /** The run's id: base32, stable over restarts of the orchestrator. */
  readonly run: string;
  /** Unique in the run: a safe label value and file name of at most 63 characters. */
  readonly id: string;
  /** The points' indices: one, or a batch. */
  readonly points: readonly number[];
  /** From 1. */
  readonly attempt: number;
  /** The scheduler's slot, from 0: at most one task at a time has it. */
  readonly worker: number;
  /** Runs in the worker's kept container, after the task before. */
  readonly warm: boolean;
  /** Absolute, existing, empty folder that gets the outputs. */
  readonly output: string;
  /**
   * Absolute, existing, empty folder for the engine's own use in this attempt, on the disk of
   * `output`. Its parent folder stays for as long as the worker has tasks.
   */
  readonly scratch: string;
  /** Null: the image's own. */
  readonly entrypoint: readonly string[] | null;
  readonly command: readonly string[];
  /** Complete but for what the engine itself must add (HOME). Holds SIM_POINT, SIM_OUTPUT, ... */
  readonly env: Readonly<Record<string, string>>;
  /** Name to value; files under /run/secrets, or a folder named by SIM_SECRETS. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly resources: Resources;
  readonly platform: string | null;
  readonly user: string;
  readonly network: "none" | "bridge";
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly grace: number;
}

export interface TaskHooks {
  /** Aborts when there is no time left to be gentle: SIGKILL at once, outcome `stopped`. */
  readonly kill: AbortSignal;
  /** Called once, when the simulation's own process runs: timeouts count from here. */
  started(probe: Probe): void;
  /** Output of the simulation, stdout and stderr as they come. */
  log(chunk: Uint8Array): void;
  /** Files on their way, told of about once a second where they take longer than that. */
  transfer?(transfer: Transfer): void;
  /**
   * The connection to the machine where the task runs broke, and why; null once it is there again.
   * The task itself goes on.
   */
  away?(reason: string | null): void;
}

/** An archive of a task's inputs (`up`) or outputs (`down`) between this machine and another. */
export interface Transfer {
  readonly direction: "up" | "down";
  /** So far. */
  readonly bytes: number;
  /** Whether it is over, however that came. */
  readonly ended: boolean;
}

/** What the idle watchdog asks of a running task. */
export interface Probe {
  /** CPU seconds used so far by all its processes; null where it cannot be known. */
  cpuSeconds(): Promise<number | null>;
  /** Bytes in its output folder; null where it cannot be known while it runs. */
  outputBytes(): Promise<number | null>;
}

export interface Outcome {
  /** `exited` by itself (exit code set), `stopped` by the signal, `oom` killed for memory. */
  readonly ended: "exited" | "stopped" | "oom";
  /** Null where the simulation did not exit by itself; 128 + n for a death by signal n. */
  readonly exitCode: number | null;
  /** Wall-clock seconds from the start of its process to its end. */
  readonly seconds: number;
  /** Null where it cannot be known. */
  readonly cpuSeconds: number | null;
  /** Bytes; null where it cannot be known. */
  readonly peakMemory: number | null;
  /** More than the exit code says, for people: "killed by signal 11", entries dropped, ... */
  readonly detail: string | null;
}

export interface Finished {
  readonly outcome: Outcome;
  /** Removes what is left of the attempt. Called once the outcome is committed; never throws. */
  release(): Promise<void>;
}

export interface RecoveryTarget {
  readonly output: string;
  log(chunk: Uint8Array): void;
}

export interface Recovered {
  /** The task's id. */
  readonly task: string;
  /** Null: it had not ended by itself, was ended now, and must run again. */
  readonly outcome: Outcome | null;
  release(): Promise<void>;
}
