import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openDatabase, readDatabase } from "../../src/results/database.ts";
import type { RunFolder } from "../../src/results/folder.ts";
import { attemptLogs, lastLogOf, tail, tailStart } from "../../src/results/logs.ts";
import { makeRun } from "./made-run.ts";

function logsOf(folder: RunFolder, index: number) {
  using database = readDatabase(folder);
  return attemptLogs(database, folder, index);
}

it("gives every attempt of a point its own log", () => {
  using run = makeRun({
    points: [
      { name: "other", status: "succeeded", attempts: [{ status: "succeeded" }] },
      {
        name: "a",
        status: "running",
        attempts: [{ status: "timed-out", log: "first" }, { status: "running" }],
      },
    ],
  });
  expect(logsOf(run, 1)).toEqual([
    {
      attempt: 1,
      status: "timed-out",
      path: join(run.logs, "a", "1.txt"),
      start: 0,
      end: null,
    },
    { attempt: 2, status: "running", path: join(run.logs, "a", "2.txt"), start: 0, end: null },
  ]);
});

it("has no last log where the attempt printed nothing, or where there is no attempt", () => {
  using run = makeRun({
    points: [
      { name: "silent", status: "succeeded", attempts: [{ status: "succeeded" }] },
      { name: "new", status: "pending" },
    ],
  });
  using database = readDatabase(run);
  expect(lastLogOf(database, run, 0)).toBeNull();
  expect(lastLogOf(database, run, 1)).toBeNull();
});

const BATCH = "one\ntwo\nthree\nrest\n";
const batch = () =>
  makeRun({
    points: [
      // They end in another order than they are listed in.
      {
        name: "a",
        status: "succeeded",
        attempts: [{ status: "succeeded", task: "t", logOffset: 8, log: BATCH }],
      },
      {
        name: "b",
        status: "succeeded",
        attempts: [{ status: "succeeded", task: "t", logOffset: 4 }],
      },
      {
        name: "c",
        status: "succeeded",
        attempts: [{ status: "succeeded", task: "t", logOffset: 14 }],
      },
      { name: "d", status: "failed", attempts: [{ status: "failed", task: "t" }] },
    ],
  });

it("gives each point of a batch its part of the shared log, the rest to those without an end", () => {
  using run = batch();
  const parts = [0, 1, 2, 3].map((index) => {
    const [log] = logsOf(run, index);
    expect(log?.path).toBe(join(run.logs, "a", "1.txt"));
    return BATCH.slice(log?.start, log?.end ?? undefined);
  });
  expect(parts).toEqual(["two\n", "one\n", "three\n", "rest\n"]);
});

it("gives all points of a batch the whole log where its limit has cut it", () => {
  using run = batch();
  writeFileSync(join(run.logs, "a", "1.txt"), "one\n");
  expect(logsOf(run, 2)).toMatchObject([{ start: 0, end: null }]);
});

it("finds the log of a batch after its first point was renamed", () => {
  using run = batch();
  {
    using database = openDatabase(run);
    database.exec("UPDATE points SET name = 'z' WHERE name = 'a'");
  }
  renameSync(join(run.logs, "a"), join(run.logs, "z"));
  expect(logsOf(run, 1)).toMatchObject([{ path: join(run.logs, "z", "1.txt"), end: 4 }]);
});

it("finds the log of a batch after its first point has left the plan", () => {
  using run = batch();
  {
    using database = openDatabase(run);
    database.exec(`DELETE FROM points WHERE name = 'a';
      INSERT INTO kept (key, name, folder, logs, attempts)
        VALUES ('key-a', 'a', 'kept/key-a/output', 'kept/key-a/logs', 1)`);
  }
  mkdirSync(join(run.kept, "key-a"), { recursive: true });
  renameSync(join(run.logs, "a"), join(run.kept, "key-a", "logs"));
  expect(logsOf(run, 1)).toMatchObject([
    { path: join(run.kept, "key-a", "logs", "1.txt"), start: 0, end: 4 },
  ]);
});

it("finds the logs of a result taken over from another folder, in the order of the attempts", () => {
  using run = makeRun({ points: [{ name: "a", status: "succeeded", cached: true }] });
  mkdirSync(join(run.logs, "a"));
  for (const number of [10, 2]) writeFileSync(join(run.logs, "a", `${number}.txt`), "text");
  expect(logsOf(run, 0).map(({ attempt }) => attempt)).toEqual([2, 10]);
});

it.each([
  ["", 3, []],
  ["a", 3, ["a"]],
  ["a\nb\nc\n", 2, ["b", "c"]],
  ["a\nb\nc", 2, ["b", "c"]],
  ["a\nb\n", 5, ["a", "b"]],
  ["a\n\n", 1, [""]],
  ["a\r\nb\r\n", 2, ["a", "b"]],
  ["a\nb\n", 0, []],
])("the tail of %j with %d lines is %j", (text, lines, expected) => {
  using run = makeRun({ points: [] });
  const path = join(run.root, "log.txt");
  writeFileSync(path, text);
  expect(tail(path, lines)).toEqual(expected);
});

it("finds the tail of a log that is larger than what is read at once", () => {
  using run = makeRun({ points: [] });
  const path = join(run.root, "log.txt");
  writeFileSync(path, "x".repeat(300_000));
  appendFileSync(path, `\n${"y".repeat(70_000)}\nlast\n`);
  expect(tail(path, 2)).toEqual(["y".repeat(70_000), "last"]);
});

it("reads back no more than 1 MiB of a line that does not end", () => {
  using run = makeRun({ points: [] });
  const path = join(run.root, "log.txt");
  writeFileSync(path, Buffer.alloc(3 * 1024 * 1024, "x"));
  expect(tail(path, 1)[0]).toHaveLength(1024 * 1024);
});

it("keeps within the part of a shared log", () => {
  using run = makeRun({ points: [] });
  const path = join(run.root, "log.txt");
  writeFileSync(path, "a\nb\nc\nd\n");
  expect(tailStart(path, 1, 2, 6)).toBe(4);
  expect(tailStart(path, 9, 2, 6)).toBe(2);
  expect(tailStart(path, 0, 2, 6)).toBe(6);
  rmSync(path);
});
