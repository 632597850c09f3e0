import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { Engine, Outcome, Task } from "../../../src/engines/engine.ts";
import { processEngine } from "../../../src/engines/process/engine.ts";
import type { Sweep } from "../../../src/sweep/sweep.ts";
import { engineContract } from "../contract.ts";
import { testSweep } from "../fixtures.ts";

const root = mkdtempSync(join(tmpdir(), "sim-process-"));
afterAll(() => rmSync(root, { recursive: true }));

/** Processes with a task of this run in their environment. */
function remains(run: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      const environ = readFileSync(`/proc/${Number(pid)}/environ`, "latin1");
      return environ.includes(run) && environ.includes("SIM_PIPELINE_TASK=");
    } catch {
      return false;
    }
  });
}

engineContract("the process engine", {
  missing: process.platform === "linux" ? null : "/proc, as Linux has it",
  make: async () => processEngine(),
  sweep: testSweep({ process: ["sh", "-c"] }),
  orchestrator: fileURLToPath(new URL("orchestrator.ts", import.meta.url)),
  remains: async (run) => remains(run),
  capabilities: {
    writableInputs: "there is no sandbox",
    cpuSeconds: "sometimes",
    peakMemory: "sometimes",
    memoryLimit: false,
    adopts: null,
  },
});

describe("the process engine itself", () => {
  const engines: Engine[] = [];
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine[Symbol.asyncDispose]();
  });

  const never = new AbortController().signal;
  const env = { PATH: process.env.PATH };

  function newFolder(): string {
    const folder = join(root, randomBytes(6).toString("hex"));
    mkdirSync(folder);
    return folder;
  }

  async function make(sweep: Partial<Sweep> = {}, environment: NodeJS.ProcessEnv = env) {
    const engine = processEngine(environment);
    engines.push(engine);
    const words = ["sh", "-c"];
    await engine.prepare(testSweep({ process: words, folder: newFolder(), ...sweep }), never);
    return engine;
  }

  function newTask(command: string[], changes: Partial<Task> = {}): Task {
    return {
      run: "itself",
      id: randomBytes(6).toString("hex"),
      points: [0],
      attempt: 1,
      worker: 0,
      warm: false,
      output: newFolder(),
      scratch: newFolder(),
      entrypoint: ["never", "used"],
      command,
      env: {},
      secrets: {},
      mounts: [],
      resources: { cpus: null, memory: null, gpus: 0 },
      platform: null,
      user: "host",
      network: "none",
      grace: 1_000,
      ...changes,
    };
  }

  async function run(engine: Engine, task: Task): Promise<{ outcome: Outcome; log: string }> {
    const chunks: Uint8Array[] = [];
    const log = (chunk: Uint8Array) => void chunks.push(chunk);
    const finished = await engine.run(task, { kill: never, started: () => {}, log }, never);
    await finished.release();
    return { outcome: finished.outcome, log: Buffer.concat(chunks).toString() };
  }

  test("shows a task its real folders", () => {
    const folders = { output: "/somewhere/output", input: "/somewhere/scratch/input" };
    expect(processEngine().view(folders)).toEqual(folders);
  });

  test("runs in the sweep's folder, with our own Node as node", async () => {
    const folder = newFolder();
    writeFileSync(
      join(folder, "main.ts"),
      "const here: string = process.cwd();\nconsole.log(process.execPath, here);",
    );
    const engine = await make({ folder, process: ["node", "main.ts"] });
    const { log } = await run(engine, newTask([]));
    expect(log).toBe(`${process.execPath} ${realpathSync(folder)}\n`);
  });

  test("gives a task programs, language and time zone of ours, and nothing else", async () => {
    const ours = {
      ...env,
      LANG: "C.UTF-8",
      LC_ALL: "C.UTF-8",
      TZ: "Europe/Vienna",
      TMPDIR: root,
      HOME: root,
      GITHUB_TOKEN: "hush",
      NODE_OPTIONS: "--no-warnings",
      SIM_SECRETS: "/elsewhere",
    };
    const engine = await make({ process: [process.execPath, "-p"] }, ours);
    const { log } = await run(engine, newTask(["Object.keys(process.env).sort().join()"]));
    const shells = ["OLDPWD", "PWD", "SHLVL", "_"];
    const names = log
      .trim()
      .split(",")
      .filter((name) => !shells.includes(name));
    const marks = ["SIM_PIPELINE_RUN", "SIM_PIPELINE_TASK"];
    expect(names).toEqual(["HOME", "LANG", "LC_ALL", "PATH", ...marks, "TMPDIR", "TZ"]);
  });

  test.each<[string, NodeJS.ProcessEnv]>([
    ["no HOME", env],
    ["a HOME that is not there", { ...env, HOME: "/no/such/home" }],
  ])("gives a task one where we have %s", async (_title, environment) => {
    const engine = await make({}, environment);
    const task = newTask(['printf %s "$HOME"; : > "$HOME/file"']);
    expect(await run(engine, task)).toMatchObject({ log: task.scratch, outcome: { exitCode: 0 } });
  });

  test("a task's own variables win over ours", async () => {
    const engine = await make();
    const own = { PATH: `/own:${env.PATH}`, HOME: "/own" };
    const { log } = await run(engine, newTask(['echo "$PATH $HOME"'], { env: own }));
    expect(log).toBe(`/own:${env.PATH} /own\n`);
  });

  test("stdout and stderr are pipes, in the order of writing", async () => {
    const engine = await make();
    const script = "echo a; echo b >&2; echo c > /dev/stdout; echo d > /dev/stderr; echo e";
    expect((await run(engine, newTask([script]))).log).toBe("a\nb\nc\nd\ne\n");
  });

  test("a task has none of our shell's files, and no input", async () => {
    const engine = await make();
    const { log } = await run(engine, newTask(["ls /proc/self/fd; readlink /proc/self/fd/0"]));
    // What was open when we were started is open for every child, whoever starts it.
    const usual = spawnSync("ls", ["/proc/self/fd"], { encoding: "utf8" }).stdout;
    expect(log).toBe(`${usual}/dev/null\n`);
  });

  test.each<[string, string[], Record<string, string>, Partial<Outcome>]>([
    ["a program that went away", ["exec /no/such/program"], {}, { exitCode: 127 }],
    ["a word longer than the system allows", [":", "x".repeat(3_000_000)], {}, { exitCode: 126 }],
    [
      "a NUL in a word",
      ["echo a\0b"],
      {},
      { exitCode: 126, detail: expect.stringContaining("NUL") },
    ],
    ["a NUL in a variable", ["echo"], { A: "\0" }, { exitCode: 126 }],
    [
      "a death by a signal",
      ["kill -11 $$"],
      {},
      { exitCode: 139, detail: "killed by signal 11 (SIGSEGV)" },
    ],
    [
      "an end of its whole group",
      ["kill -9 0"],
      {},
      { exitCode: 137, detail: "killed by signal 9 (SIGKILL)" },
    ],
  ])("%s is a failed attempt", async (_title, command, variables, expected) => {
    const engine = await make();
    const { outcome } = await run(engine, newTask(command, { env: variables }));
    expect(outcome).toMatchObject({ ended: "exited", ...expected });
    // And no harm to what comes next.
    expect((await run(engine, newTask(["echo next"]))).log).toBe("next\n");
  });

  test("a folder of the sweep that went away refuses every task", async () => {
    const folder = newFolder();
    const engine = await make({ folder });
    rmSync(folder, { recursive: true });
    await expect(run(engine, newTask(["echo"]))).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(folder),
    });
  });

  test("a scratch folder that cannot be written refuses every task", async () => {
    const engine = await make();
    const task = newTask(["echo"], { secrets: { KEY: "hush" }, scratch: "/dev/null" });
    await expect(run(engine, task)).rejects.toMatchObject({ exitCode: 3 });
  });

  test("secrets are for the user alone, and gone with the attempt", async () => {
    const engine = await make();
    const script = 'stat -c %a "$SIM_SECRETS" "$SIM_SECRETS/KEY"; cat "$SIM_SECRETS/KEY"';
    const task = newTask([script], { secrets: { KEY: "hush" } });
    expect((await run(engine, task)).log).toBe("700\n400\nhush");
    expect(readdirSync(task.scratch)).toEqual([]);
  });

  test("inputs inside an input folder leave the original alone", async () => {
    const engine = await make();
    const original = newFolder();
    mkdirSync(join(original, "sub"));
    for (const name of ["a", "b", "sub/c"]) writeFileSync(join(original, name), name);
    const other = join(newFolder(), "other");
    writeFileSync(other, "other");
    const task = newTask(['cd "$SIM_INPUT" && cat a b sub/c sub/d'], {
      mounts: [
        { source: original, target: "/mnt/input", perTask: false },
        { source: other, target: "/mnt/input/b", perTask: true },
        { source: other, target: "/mnt/input/sub/d", perTask: true },
      ],
    });
    const given = { ...task, env: { SIM_INPUT: join(task.scratch, "input") } };
    expect((await run(engine, given)).log).toBe("aothersub/cother");
    expect(readdirSync(original, { recursive: true }).sort()).toEqual(["a", "b", "sub", "sub/c"]);
  });

  test("tasks of a run share a shell, one after the other", async () => {
    const engine = await make();
    const shells = new Set<string>();
    for (let index = 0; index < 5; index += 1) {
      shells.add((await run(engine, newTask(['echo "$PPID"']))).log);
    }
    expect(shells.size).toBe(1);
  });

  test("a process that escaped with the log open does not hold up the end", async () => {
    const engine = await make();
    const { log, outcome } = await run(
      engine,
      newTask(["echo before; env -i setsid sleep 2 & echo after; sleep 0.1; kill -9 0"]),
    );
    expect(log).toBe("before\nafter\n");
    expect(outcome.seconds).toBeLessThan(2);
  });

  test("what cannot run is refused before anything starts", async () => {
    await expect(make({ process: null })).rejects.toMatchObject({ exitCode: 2 });
    await expect(make({ process: ["no-such-program"] })).rejects.toMatchObject({ exitCode: 2 });
    const engine = processEngine(env);
    await expect(run(engine, newTask([]))).rejects.toThrow("run before prepare");
  });

  test("leaves no file of its own behind", async () => {
    const temporary = newFolder();
    chmodSync(temporary, 0o700);
    const before = process.env.TMPDIR;
    process.env.TMPDIR = temporary;
    try {
      const engine = await make();
      const task = newTask(["echo"]);
      await run(engine, task);
      expect(readdirSync(temporary)).toEqual([]);
      expect([...readdirSync(task.scratch), ...readdirSync(task.output)]).toEqual([]);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });
});
