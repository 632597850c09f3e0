import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, constants, existsSync, openSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { Socket } from "node:net";
import { constants as system, tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { promisify } from "node:util";
import { ReportedError } from "../../sweep/errors.ts";
import { send } from "./processes.ts";
import { type Command, markerReader, taskScript } from "./script.ts";

/**
 * A shell that runs one task after the other. To start every task ourselves would cost much more:
 * a fork copies the page tables of all our memory while we wait (0.4 ms with 50 MB, 1.4 ms with
 * 200 MB), and the shell has next to none: asking it takes 0.07 ms.
 *
 * It leads a session and process group of its own, which its tasks share.
 */
export interface Shell {
  /** Its process, and its group. */
  readonly pid: number;
  alive(): boolean;
  /** Runs a command, one at a time; `log` gets what it and its children write. */
  execute(command: Command, log: (chunk: Uint8Array) => void): Promise<Ending>;
  /** Signals its group; it survives SIGTERM itself. */
  signal(name: "SIGTERM" | "SIGKILL"): void;
  /** Ends it with its group; resolves when the last of the log was passed on. */
  end(): Promise<void>;
}

interface Ending {
  /** 128 + n for a death by signal n. */
  readonly exitCode: number;
  /** The shell died too, so that some of the log may still come. */
  readonly died: boolean;
}

interface Execution {
  readonly log: (chunk: Uint8Array) => void;
  readonly resolve: (ending: Ending) => void;
}

/** How long the log's end may take after the shell's, when nobody writes. */
const SILENCE_MS = 500;

/**
 * Starts a shell in a folder, with this environment.
 * Throws a ReportedError (3) where the machine refuses.
 */
export async function startShell(
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<Shell> {
  const { child, input, output, pid } = await spawnShell(folder, env);
  const marker = `\0${randomBytes(16).toString("hex")}`;
  let current: Execution | null = null;
  let alive = true;
  let received = 0;

  const closed = new Promise<void>((resolve) => output.once("close", resolve));
  const exited = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      alive = false;
      const exitCode = signal === null ? (code ?? 0) : 128 + system.signals[signal];
      current?.resolve({ exitCode, died: true });
      resolve();
    });
  });
  // A shell that is gone cannot read, or be read; its exit tells.
  input.on("error", () => {});
  output.on("error", () => {});
  const read = markerReader(`${marker} `, {
    text: (chunk) => current?.log(chunk),
    line: (code) => {
      current?.resolve({ exitCode: Number(code), died: false });
      current = null;
    },
  });
  output.on("data", (chunk: Buffer) => {
    received += chunk.length;
    read(chunk);
  });
  // A trap, unlike ignoring, is not inherited: the tasks get these signals as ever.
  input.write("trap : HUP INT QUIT TERM USR1 USR2 ALRM\n");

  /**
   * Resolves when the log is complete. A process that escaped us (it left the group and cleared
   * its environment) may hold it open for ever, so that silence counts as its end.
   */
  const drained = async (): Promise<void> => {
    for (let before = -1; before !== received; ) {
      before = received;
      const silence = Promise.withResolvers<"silence">();
      const timer = setTimeout(silence.resolve, SILENCE_MS, "silence");
      const first = await Promise.race([closed, silence.promise]);
      clearTimeout(timer);
      if (first !== "silence") return;
    }
    output.destroy();
  };

  return {
    pid,
    alive: () => alive,
    execute: (command, log) =>
      new Promise((resolve) => {
        current = { log, resolve };
        input.write(taskScript(command, marker));
        if (!alive) resolve({ exitCode: 128 + system.signals.SIGKILL, died: true });
      }),
    signal: (name) => {
      // Once it was reaped its id may be another's.
      if (alive) send(-pid, name);
    },
    end: async () => {
      if (alive) send(-pid, "SIGKILL");
      await exited;
      await drained();
    },
  };
}

interface Spawned {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly input: Writable;
  /** Stdout and stderr as one, in the order of writing. */
  readonly output: Socket;
}

async function spawnShell(folder: string, env: Readonly<Record<string, string>>): Promise<Spawned> {
  const own = await mkdtemp(join(tmpdir(), "sim-pipeline-"));
  const pipe = join(own, "log");
  const opened: number[] = [];
  try {
    // Node's own pipes are sockets, which a program cannot open as /dev/stderr.
    await promisify(execFile)("mkfifo", ["-m", "600", pipe]);
    // In this order neither waits for the other end.
    const reading = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    opened.push(reading);
    const writing = openSync(pipe, constants.O_WRONLY);
    opened.push(writing);
    // Both ends are open: a kill from here on leaves nothing behind.
    rmSync(own, { recursive: true });
    const child = spawn("/bin/sh", ["-s"], {
      cwd: folder,
      env,
      // What the shell itself has to say, as "Terminated", is no log of the simulation's.
      stdio: ["pipe", writing, "ignore"],
      detached: true,
    });
    await once(child, "spawn");
    if (child.pid === undefined || child.stdin === null) throw new Error("it did not start");
    const output = new Socket({ fd: reading, readable: true, writable: false });
    opened.shift();
    return { child, pid: child.pid, input: child.stdin, output };
  } catch (error) {
    throw refused(folder, error);
  } finally {
    for (const file of opened) closeSync(file);
    rmSync(own, { recursive: true, force: true });
  }
}

function refused(folder: string, cause: unknown): ReportedError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const remedy = existsSync(folder)
    ? "Where the machine has too many processes or open files, use fewer --workers or raise its " +
      "limits (ulimit -u, ulimit -n); where its disk is full, make room"
    : "The folder is no longer there: restore it";
  return new ReportedError(3, `cannot start a shell in ${folder}: ${reason}. ${remedy}`, { cause });
}
