import { chmodSync, mkdirSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { openDatabase, readDatabase } from "../../src/results/database.ts";
import { createRunFolder, type RunFolder, runFolder } from "../../src/results/folder.ts";
import { lockRunFolder } from "../../src/results/lock.ts";
import {
  allFailures,
  findPoint,
  latestRun,
  namesLike,
  runStatus,
} from "../../src/results/status.ts";
import { ReportedError } from "../../src/sweep/errors.ts";
import { type MadePoint, makeRun } from "./made-run.ts";

const START = 1_000_000;

function statusOf(folder: RunFolder, now = START + 10) {
  using database = readDatabase(folder);
  return runStatus(database, folder, { now, limit: 2 });
}

const done = (name: string, at = 0): MadePoint => ({
  name,
  status: "succeeded",
  attempts: [{ status: "succeeded", at }],
});

const failed = (name: string, status: "failed" | "oom" = "failed"): MadePoint => ({
  name,
  status,
  reason: `because of ${name}`,
  attempts: [{ status }],
});

it("counts points by status, those done before, and those still to start", () => {
  using run = makeRun({
    executions: [{ started: START, ended: null }],
    points: [
      { name: "before", status: "succeeded", cached: true },
      done("now"),
      failed("bad"),
      { name: "busy", status: "running", attempts: [{ status: "running" }] },
      { name: "next", status: "pending", todo: true },
      { name: "left out", status: "pending" },
    ],
  });
  const status = statusOf(run);
  expect(status).toMatchObject({ sweep: "made", points: 6, cached: 1, todo: 1 });
  expect(status.counts).toEqual({
    pending: 2,
    running: 1,
    succeeded: 2,
    failed: 1,
    "timed-out": 0,
    idle: 0,
    oom: 0,
    lost: 0,
    cancelled: 0,
  });
});

it("tells whether an orchestrator lives, and estimates only then when it will be done", () => {
  using run = makeRun({
    executions: [{ started: START, ended: null }],
    points: [
      done("a"),
      done("b"),
      { name: "busy", status: "running", attempts: [{ status: "running" }] },
      { name: "next", status: "pending", todo: true },
    ],
  });
  expect(statusOf(run)).toMatchObject({ alive: false, rate: null, eta: null });
  using _lock = lockRunFolder(run);
  // Two in ten seconds, two to go.
  expect(statusOf(run)).toMatchObject({ alive: true, rate: 0.2, eta: 10 });
});

it("says what the machines rented for a run cost by now", () => {
  using run = makeRun({ points: [done("a")] });
  expect(statusOf(run).cost).toBeNull();
});

it("takes the rate of an ended run from its own time, and from its last start only", () => {
  using run = makeRun({
    executions: [
      { started: 0, ended: 1 },
      { started: START, ended: START + 4 },
    ],
    points: [
      { name: "a", status: "succeeded", attempts: [{ status: "succeeded", execution: 1 }] },
      { name: "b", status: "succeeded", attempts: [{ status: "succeeded", execution: 2 }] },
    ],
  });
  expect(statusOf(run, START + 1000)).toMatchObject({ rate: 0.25, eta: null });
});

it("counts a point that is tried again as not ended", () => {
  using run = makeRun({
    executions: [{ started: START, ended: null }],
    points: [
      { name: "a", status: "running", attempts: [{ status: "failed" }, { status: "running" }] },
    ],
  });
  using _lock = lockRunFolder(run);
  expect(statusOf(run)).toMatchObject({ rate: null, eta: null });
});

it("lists the longest running points with their times", () => {
  using run = makeRun({
    executions: [{ started: START, ended: null }],
    points: ["a", "b", "c"].map((name, i) => ({
      name,
      status: "running",
      attempts: [{ status: "running", at: 5 - i }],
    })),
  });
  expect(statusOf(run).running).toEqual([
    { index: 2, name: "c", attempt: 1, seconds: 7 },
    { index: 1, name: "b", attempt: 1, seconds: 6 },
  ]);
});

it("lists the last failures of the last start, and all of the run on demand", () => {
  using run = makeRun({
    executions: [{ started: START, ended: START + 1 }],
    points: [failed("a"), done("b"), failed("c", "oom"), failed("d")],
  });
  expect(statusOf(run).failures.map(({ name }) => name)).toEqual(["d", "c"]);
  using database = readDatabase(run);
  expect([...allFailures(database)]).toEqual([
    { index: 0, name: "a", status: "failed", reason: "because of a" },
    { index: 2, name: "c", status: "oom", reason: "because of c" },
    { index: 3, name: "d", status: "failed", reason: "because of d" },
  ]);
});

const named = () =>
  makeRun({
    points: ["n100-s1", "n100-s2", "7", "n200-s1"].map((name) => ({ name, status: "pending" })),
  });

it.each([
  ["n100-s2", 1],
  ["3", 3],
  ["7", 2],
])("finds the point %s, a name before an index", (wanted, index) => {
  using run = named();
  using database = readDatabase(run);
  expect(findPoint(database, wanted).index).toBe(index);
});

it.each([
  ["n10-s2", /Did you mean n100-s2\?/],
  ["n100", /Did you mean n100-s1 or n100-s2\?/],
  ["something else", /Points are named like n100-s1, n100-s2, 7; a point's index works too/],
  ["99", /No point "99"/],
])("says of the unknown point %s what was meant", (wanted, message) => {
  using run = named();
  using database = readDatabase(run);
  expect(() => findPoint(database, wanted)).toThrow(message);
  expect(() => findPoint(database, wanted)).toThrow(ReportedError);
});

it("completes the names of points", () => {
  using run = named();
  using database = readDatabase(run);
  expect(namesLike(database, "n1", 10)).toEqual([
    { name: "n100-s1", status: "pending" },
    { name: "n100-s2", status: "pending" },
  ]);
  expect(namesLike(database, "%", 10)).toEqual([]);
});

it("takes the run under ./runs that was written to last, or the folder that is one", () => {
  using run = makeRun({ points: [] });
  const runs = dirname(run.root);
  mkdirSync(join(runs, "no run"));
  const other = runFolder(join(runs, "other"));
  createRunFolder(other);
  openDatabase(other).close();
  const written = (folder: RunFolder, time: number) => utimesSync(folder.database, time, time);
  written(run, 2000);
  written(other, 1000);
  readDatabase(other).close();
  expect(latestRun(dirname(runs)).root).toBe(run.root);
  written(other, 3000);
  expect(latestRun(dirname(runs)).root).toBe(other.root);
  expect(latestRun(run.root).root).toBe(run.root);
  expect(() => latestRun(join(runs, "no run"))).toThrow(/No run in .*no run/);
});

it.skipIf(process.getuid?.() !== 0)(
  "reads a run in a folder that it may not write to (needs root, to be somebody else)",
  () => {
    using run = makeRun({
      points: [done("a")],
      executions: [{ started: START, ended: START + 1 }],
    });
    chmodSync(dirname(dirname(run.root)), 0o755);
    const uid = process.geteuid?.() ?? 0;
    process.seteuid?.(65534);
    try {
      expect(statusOf(run)).toMatchObject({ points: 1, alive: false });
    } finally {
      process.seteuid?.(uid);
    }
  },
);
