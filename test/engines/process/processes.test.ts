import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import {
  endAll,
  findLeftBehind,
  findRun,
  findTask,
  newestPid,
  parsePs,
} from "../../../src/engines/process/processes.ts";

const linux = process.platform === "linux";
const started: ChildProcess[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});

let count = 0;
function newRun(): string {
  count += 1;
  return `run-${process.pid}-${count}`;
}

/** A process that waits, and has these marks. */
async function start(run: string, task: string | null, options = {}): Promise<number> {
  const marks = { SIM_PIPELINE_RUN: run, ...(task === null ? {} : { SIM_PIPELINE_TASK: task }) };
  const env = { PATH: process.env.PATH, ...marks };
  const child = spawn("sleep", ["1000"], { env, stdio: "ignore", ...options });
  started.push(child);
  await once(child, "spawn");
  return child.pid ?? 0;
}

describe.skipIf(!linux)("processes of a run (needs /proc, as Linux has it)", () => {
  test("are those with its mark, with their task", async () => {
    const run = newRun();
    const first = await start(run, "one");
    const second = await start(run, "two", { detached: true });
    const shell = await start(run, null);
    await start(`${run}-longer`, "one");
    const found = await findRun(run);
    expect(found.toSorted((a, b) => a.pid - b.pid)).toEqual(
      [
        { pid: first, task: "one" },
        { pid: second, task: "two" },
        { pid: shell, task: null },
      ].toSorted((a, b) => a.pid - b.pid),
    );
    expect(await findTask(run, "two")).toEqual([second]);
  });

  test("include those of a task's group that lost their mark, but not its leader", async () => {
    const run = newRun();
    const leader = spawn("sh", ["-c", "env -i sleep 1000 & echo $!; wait"], {
      env: { PATH: process.env.PATH, SIM_PIPELINE_RUN: run },
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
    });
    started.push(leader);
    const [printed] = await once(leader.stdout, "data");
    const child = Number(printed);
    const exited = once(leader, "exit");
    expect(await findTask(run, "one", leader.pid)).toEqual([child]);
    await endAll(() => findTask(run, "one", leader.pid));
    await exited;
    expect(await findTask(run, "one", leader.pid)).toEqual([]);
  });

  test("that were left behind are newer than the task", async () => {
    const run = newRun();
    await start(run, "one");
    const newest = newestPid();
    expect(newest).toBeGreaterThan(0);
    const left = await start(run, "one", { detached: true });
    await start(run, "two");
    const ended = { run, task: "one", group: -1, newest };
    expect(findLeftBehind(ended)).toEqual([left]);
  });

  test.each<[string, () => number]>([
    ["after many others", () => 1],
    ["after pids began anew", () => 2 ** 22],
    ["where the newest pid cannot be known", newestPid],
  ])("that were left behind are found %s", async (_title, newest) => {
    const run = newRun();
    const left = await start(run, "one");
    const ended = { run, task: "one", group: -1, newest: newest() };
    expect(findLeftBehind(ended)).toEqual([left]);
  });

  test("are ended until none is found, with those that appear meanwhile", async () => {
    const run = newRun();
    await start(run, "one");
    let asked = 0;
    await endAll(async () => {
      asked += 1;
      if (asked === 2) await start(run, "one");
      return findTask(run, "one");
    });
    expect(await findRun(run)).toEqual([]);
  });
});

describe("a listing of ps", () => {
  const run = "k7x";
  test.each<[string, string, { pid: number; task: string | null }[]]>([
    [
      "a task",
      " 12 sleep 9 A=1 SIM_PIPELINE_RUN=k7x SIM_PIPELINE_TASK=t1 B=",
      [{ pid: 12, task: "t1" }],
    ],
    [
      "a mark at the end of a line",
      "12 sh SIM_PIPELINE_TASK=t1 SIM_PIPELINE_RUN=k7x",
      [{ pid: 12, task: "t1" }],
    ],
    ["a shell", "7 /bin/sh -s SIM_PIPELINE_RUN=k7x HOME=/", [{ pid: 7, task: null }]],
    ["another run", "7 sleep SIM_PIPELINE_RUN=k7xy SIM_PIPELINE_TASK=t1", []],
    ["a process without marks", "1 /sbin/init", []],
    ["nothing", "", []],
  ])("has %s", (_title, line, expected) => {
    expect(parsePs(`  1 init\n${line}\n`, run)).toEqual(expected);
  });

  const ps = spawnSync("ps", ["axeww", "-o", "pid=", "-o", "command="], { encoding: "utf8" });
  test.skipIf(ps.status !== 0)("shows the marks of a real process (needs ps)", async () => {
    const own = newRun();
    const pid = await start(own, "one");
    const listing = spawnSync("ps", ["axeww", "-o", "pid=", "-o", "command="], {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    });
    expect(parsePs(listing.stdout, own)).toEqual([{ pid, task: "one" }]);
  });
});
