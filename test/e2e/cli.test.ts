import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";

const bin = fileURLToPath(new URL("../../bin/sim-pipeline.js", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Started {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when the text has been printed to either stream. */
  printed(text: string): Promise<void>;
}

let folder = "";
const started: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sim-pipeline-cli-"));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the command as a user does, in the test's folder. */
function start(...args: string[]): Started {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: folder,
    env: {
      ...process.env,
      GITHUB_ACTIONS: "",
      XDG_CACHE_HOME: join(tmpdir(), "sim-pipeline-test"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let stdout = "";
  let stderr = "";
  const waiting = new Set<() => void>();
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
    for (const look of waiting) look();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
    for (const look of waiting) look();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return {
    process: child,
    ended,
    printed: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (stdout.includes(text) || stderr.includes(text)) resolve();
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`never printed ${text}:\n${stdout}${stderr}`)));
      }),
  };
}

const cli = (...args: string[]): Promise<Ended> => start(...args).ended;

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

/** A sweep of shell commands: `i` counts from 1 to 4. */
function writeSweep(script: string, more = ""): void {
  const command = JSON.stringify([script]);
  write(
    "sweep.yaml",
    `name: shell\nprocess: [sh, -c]\nparameters:\n  i: {range: "1-4"}\ncommand: ${command}\n${more}`,
  );
}

const COUNTS = z.object({ counts: z.record(z.string(), z.number()), cached: z.number() });

describe("run", () => {
  it("ends with 0 when all succeeded, says where things are, and runs nothing twice", async () => {
    writeSweep("echo point {{ i }}; echo '{\"double\": 8}' > $SIM_OUTPUT/result.json");
    const first = await cli("run");
    expect(first).toMatchObject({ code: 0, stdout: "" });
    expect(first.stderr).toContain("4 points, 4 to run: process (sh -c)");
    expect(first.stderr).toContain("All 4 points succeeded");
    expect(first.stderr).toContain("runs/shell/results.csv");
    expect(existsSync(join(folder, "runs/shell/points/i=3/result.json"))).toBe(true);
    expect(readFileSync(join(folder, "runs/shell/results.csv"), "utf8")).toContain("double");

    const second = await cli("run", "--json");
    expect(second.code).toBe(0);
    expect(COUNTS.parse(JSON.parse(second.stdout))).toMatchObject({
      counts: { succeeded: 4 },
      cached: 4,
    });
    expect(second.stderr).toContain("4 done before, 0 to run");
  });

  it("writes no escape sequence where nobody has a terminal", async () => {
    writeSweep("exit 0");
    const { stdout, stderr } = await cli("run");
    expect(stdout + stderr).not.toContain("\x1b");
  });

  it("ends with 1 when some failed: each named with its log's end, the others finished", async () => {
    writeSweep("echo working on {{ i }}; [ {{ i }} != 2 ] || { echo it broke >&2; exit 3; }");
    const { code, stderr } = await cli("run", "--engine", "process", "--workers", "2");
    expect(code).toBe(1);
    expect(stderr).toContain("3 of 4 points succeeded");
    expect(stderr).toMatch(
      /i=2 failed: exit code 3\n {2}\| working on 2\n {2}\| it broke\n {2}log: runs/,
    );
    const failed = await cli("status", "--failed");
    expect(failed).toMatchObject({ code: 0, stdout: "i=2  failed: exit code 3\n" });
  });

  it.each<[string, string[], RegExp]>([
    ["a wrong sweep", [], /sweep\.yaml:5:1: .*\n(.*\n)*.*\^\n(.*\n)*.*parameters/],
    ["a sweep that is not there", ["other.yaml"], /other\.yaml: the sweep file does not exist/],
    ["an unknown flag", ["--enginee", "docker"], /Did you mean --engine\?/],
    ["an unknown engine", ["--engine", "slurm"], /Allowed choices are auto, docker, process/],
    ["no workers", ["--workers", "0"], /Expected a whole number from 1/],
    ["a parameter without values", ["--param", "i"], /It is written name=value/],
  ])("ends with 2 for %s, before anything is started", async (_title, args, message) => {
    write("sweep.yaml", "name: x\nprocess: [sh]\ncommand: []\n\nparameter:\n  i: [1]\n");
    const { code, stdout, stderr } = await cli("run", ...args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
    expect(existsSync(join(folder, "runs"))).toBe(false);
  });

  it("ends with 3 where the folder is in use, and names who holds it", async () => {
    writeSweep("exec sleep 60");
    const first = start("run");
    await first.printed("to run");
    const second = await cli("run");
    expect(second.code).toBe(3);
    expect(second.stderr).toContain(`pid ${first.process.pid}`);
    first.process.kill("SIGTERM");
    await first.ended;
  });

  it("ends with 3 where no engine is there", async () => {
    write("sweep.yaml", "name: x\nimage: busybox\nparameters: {i: [1]}\ncommand: []\n");
    const child = spawnSync(process.execPath, [bin, "run"], {
      cwd: folder,
      env: { ...process.env, DOCKER_HOST: "unix:///nowhere/docker.sock" },
      encoding: "utf8",
    });
    expect(child.status).toBe(3);
    expect(child.stderr).toContain("/nowhere/docker.sock");
    expect(child.stderr).not.toContain("    at ");
  });
});

describe("a signal", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "%s ends the run with %d, keeps what finished, and a next run goes on",
    async (signal, code) => {
      writeSweep(
        "[ {{ i }} = 1 ] && exit 0; [ -e runs/shell/go ] || exec sleep 60",
        "workers: 1\n",
      );
      const run = start("run");
      await run.printed("to run");
      const follow = start("logs", "i=1", "--follow");
      await follow.printed("i=1: succeeded");
      run.process.kill(signal);
      const { code: ended, stderr } = await run.ended;
      expect(ended).toBe(code);
      expect(stderr).toContain("again: kill it at once");
      expect(stderr).toContain("1 of 4 points succeeded");
      expect(stderr).toContain("3 points did not end: the same command runs what is missing");

      // What the points find has changed, but in the run folder, which is no part of their keys.
      write("runs/shell/go", "");
      const next = await cli("run");
      expect(next.code).toBe(0);
      expect(next.stderr).toContain("1 done before, 3 to run");
    },
  );

  it("that comes twice kills at once what ignores the first", async () => {
    writeSweep("trap '' TERM; echo deaf; sleep 60 & wait; wait", "workers: 1\n");
    const run = start("run");
    await run.printed("to run");
    const follow = start("logs", "i=1", "--follow");
    await follow.printed("deaf");
    run.process.kill("SIGINT");
    await run.printed("again: kill it at once");
    run.process.kill("SIGINT");
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("SIGINT again: killing what runs.");
    expect((await follow.ended).stderr).toContain("i=1: cancelled");
  });
});

describe("status and logs of a run in progress, from elsewhere", () => {
  it("show what runs, and follow a point to its end", async () => {
    writeSweep("echo first line; [ {{ i }} = 1 ] || exec sleep 60; read line < pipe; echo $line");
    expect(spawnSync("mkfifo", [join(folder, "pipe")]).status).toBe(0);
    const run = start("run", "--workers", "2");
    await run.printed("to run");
    const follow = start("logs", "0", "--follow");
    await follow.printed("first line");
    const status = JSON.parse((await cli("status", "--json")).stdout);
    expect(status).toMatchObject({ sweep: "shell", alive: true, points: 4 });
    expect(status.running[0]).toMatchObject({ index: 0, name: "i=1", attempt: 1 });
    expect((await cli("status")).stdout).toContain(`pid ${run.process.pid}`);
    const watch = start("status", "--watch");
    await watch.printed("running since");

    write("pipe", "last line\n");
    expect(await follow.ended).toEqual({
      code: 0,
      stdout: "first line\nlast line\n",
      stderr: "i=1: succeeded\n",
    });
    run.process.kill("SIGINT");
    expect((await run.ended).code).toBe(130);
    expect((await watch.ended).stdout).toMatch(/\nended .*\n/);
  });

  it("follow a point over its attempts", async () => {
    writeSweep(
      "echo try; if [ -e tried ]; then exit 0; fi; read line < pipe; touch tried; exit 1",
      "workers: 1\nretries: {max: 1, on: [failed]}\n",
    );
    spawnSync("mkfifo", [join(folder, "pipe")]);
    const run = start("run");
    await run.printed("to run");
    const follow = start("logs", "i=1", "-f");
    await follow.printed("try");
    write("pipe", "\n");
    expect(await follow.ended).toEqual({
      code: 0,
      stdout: "try\ntry\n",
      stderr: "i=1, attempt 2:\ni=1: succeeded\n",
    });
    expect((await run.ended).code).toBe(0);
  });

  it("notice that the orchestrator was killed", async () => {
    writeSweep("echo hello; exec sleep 60", "workers: 1\n");
    const run = start("run");
    await run.printed("to run");
    const follow = start("logs", "i=1", "-f");
    await follow.printed("hello");
    run.process.kill("SIGKILL");
    expect((await follow.ended).stderr).toContain("i=1: running, and nobody runs it now");
    expect((await cli("status")).stdout).toContain("stopped early");
    // Ends what the killed one left running.
    const next = start("run");
    await next.printed("to run");
    next.process.kill("SIGINT");
    expect((await next.ended).code).toBe(130);
  });
});

describe("logs of a run that has ended", () => {
  it("prints one attempt, or the end of it", async () => {
    writeSweep("echo one; echo two; echo three");
    await cli("run");
    expect((await cli("logs", "i=2")).stdout).toBe("one\ntwo\nthree\n");
    expect((await cli("logs", "runs/shell", "1", "--tail", "1")).stdout).toBe("three\n");
    expect(await cli("logs", "i=2", "--attempt", "4")).toMatchObject({
      code: 2,
      stderr: "i=2 has no attempt 4.\nIts attempts are: 1.\n",
    });
  });

  it("says of what is not there what was meant", async () => {
    writeSweep("exit 0");
    await cli("run");
    expect(await cli("logs", "i-2")).toMatchObject({
      code: 2,
      stderr: 'No point "i-2" in this run.\nDid you mean i=2?\n',
    });
    expect((await cli("logs", "runs/shell")).stderr).toContain("Which point of runs/shell?");
    expect((await cli("logs", "i=2")).stderr).toBe("i=2 printed nothing.\n");
    mkdirSync(join(folder, "empty"));
    expect(await cli("status", "empty")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("there is no run.db"),
    });
  });
});

describe("plan", () => {
  it("prints data on stdout and warnings on stderr", async () => {
    write(
      "sweep.yaml",
      "name: x\nprocess: [sh]\nparameters: {v: [3.10, 4]}\ncommand: ['{{ v }}']\n",
    );
    const { code, stdout, stderr } = await cli("plan", "--format", "jsonl");
    expect(code).toBe(0);
    expect(stdout.split("\n").map((line) => line && JSON.parse(line))).toEqual([
      { index: 0, name: "v=3.1", parameters: { v: 3.1 }, command: ["3.1"] },
      { index: 1, name: "v=4", parameters: { v: 4 }, command: ["4"] },
      "",
    ]);
    expect(stderr).toMatch(/^warning: .*3\.10/);
    expect(JSON.parse((await cli("plan", "--json")).stdout)).toMatchObject({ count: 2 });
    expect((await cli("plan")).stdout).toContain("2 points");
  });

  it("prints keys where they are asked for", async () => {
    writeSweep("exit 0");
    const { stdout } = await cli("plan", "--format", "csv", "--keys");
    expect(stdout).toMatch(/,key\n0,i=1,1,.*,[0-9a-f]{64}\n/);
    expect((await cli("plan", "--keys")).code).toBe(2);
  });

  it("explains what would run again, and why", async () => {
    writeSweep("[ {{ i }} != 2 ]");
    await cli("run");
    expect((await cli("plan", "--explain")).stdout).toBe(
      "i=2: failed\n\n1 of 4 points would run\n",
    );
    writeSweep("[ {{ i }} != 3 ]");
    const { stdout } = await cli("plan", "--explain", "--out", "runs/shell");
    expect(stdout).toMatch(/^i=1: command.* differs\n {2}old {2}.*!= 2.*\n {2}new {2}.*!= 3/);
    expect(stdout).toContain("4 of 4 points would run");
    const lines = (await cli("plan", "--explain", "--format", "jsonl")).stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).because)).toEqual(Array(4).fill("changed"));
  });

  it("ends quietly when its reader has gone", () => {
    writeSweep("exit 0");
    const many = `'${process.execPath}' '${bin}' plan --format jsonl --param i=1-500000`;
    const shell = spawnSync("bash", ["-c", `${many} | head -1; exit \${PIPESTATUS[0]}`], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(shell).toMatchObject({ status: 0, stderr: "" });
    expect(shell.stdout.split("\n")).toHaveLength(2);
  });

  it.skipIf(!existsSync("/dev/full"))(
    "says when its output cannot be written (needs /dev/full)",
    () => {
      writeSweep("exit 0");
      const shell = spawnSync("bash", ["-c", `'${process.execPath}' '${bin}' plan > /dev/full`], {
        cwd: folder,
        encoding: "utf8",
      });
      expect(shell.status).toBe(3);
      expect(shell.stderr).toMatch(/^Cannot write the output: ENOSPC/);
    },
  );
});

describe("init", () => {
  it("writes what runs right away, named after its folder, and overwrites nothing", async () => {
    const init = await cli("init", "My Walk");
    expect(init.code).toBe(0);
    expect(init.stdout).toContain("My Walk/sweep.yaml\n");
    expect(init.stderr).toContain("sim-pipeline run");
    // A package around it may be of either module type.
    write("package.json", '{"type": "commonjs"}');
    const run = await cli("run", "My Walk", "--engine", "process", "--param", "steps=100");
    expect(run.stderr).toContain("All 5 points succeeded");
    expect(existsSync(join(folder, "runs/my-walk/points/steps100-seed05/walk.csv"))).toBe(true);

    write("My Walk/sweep.yaml", "mine");
    const again = await cli("init", "My Walk");
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("--force");
    expect(readFileSync(join(folder, "My Walk/sweep.yaml"), "utf8")).toBe("mine");
    expect((await cli("init", "My Walk", "--force")).code).toBe(0);
  });
});

describe("the command itself", () => {
  it("knows its version", async () => {
    expect((await cli("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("suggests the command that was meant", async () => {
    expect(await cli("rum")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Did you mean run?"),
    });
    expect((await cli()).code).toBe(2);
  });

  it.each(["--help", "help"])("explains itself with %s", async (word) => {
    const { code, stdout } = await cli(word);
    expect(code).toBe(0);
    expect(stdout).toContain("run a sweep, or what is missing of it");
    const run = await cli(...(word === "help" ? ["help", "run"] : ["run", word]));
    expect(run.stdout).toContain("Examples:");
  });

  it("tells of what is there", async () => {
    const { code, stdout } = await cli("doctor", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ name: "node", ok: true }));
  });

  const old = spawnSync("node", ["-p", "process.versions.node"], {
    env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
    encoding: "utf8",
  });
  const isOld = old.status === 0 && Number.parseInt(old.stdout, 10) < 24;
  it.skipIf(!isOld)("says that an old Node is too old (needs one in /usr)", () => {
    const child = spawnSync("node", [bin, "--version"], {
      env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
      encoding: "utf8",
    });
    expect(child).toMatchObject({ status: 2, stdout: "" });
    expect(child.stderr).toContain("needs Node 24 or newer");
  });
});
