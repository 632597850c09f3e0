import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { openDatabase, readDatabase } from "../../src/results/database.ts";
import { finishSteps } from "../../src/results/finish.ts";
import { createRunFolder, type RunFolder, runFolder } from "../../src/results/folder.ts";
import { temporaryFolder } from "../run/harness.ts";

/** A run folder as version 1 left it. */
function older(): RunFolder {
  const folder = runFolder(temporaryFolder());
  createRunFolder(folder);
  openDatabase(folder).close();
  using database = new DatabaseSync(folder.database);
  database.exec(
    "DROP TABLE finish; DROP TABLE removed; DROP TABLE requests; DROP TABLE machines; PRAGMA user_version = 1",
  );
  database.exec("INSERT INTO run VALUES ('abcdefghij', 'old', '2026-01-01T00:00:00.000Z')");
  return folder;
}

it("a folder of version 1 is read as one without finish steps", () => {
  using database = readDatabase(older());
  expect(finishSteps(database)).toEqual([]);
});

it("a folder of version 1 is brought up when a run opens it, and keeps what it has", () => {
  const folder = older();
  openDatabase(folder).close();
  using database = readDatabase(folder);
  expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: 3 });
  expect(database.prepare("SELECT id, sweep FROM run").get()).toEqual({
    id: "abcdefghij",
    sweep: "old",
  });
  expect(finishSteps(database)).toEqual([]);
});

it("another program's database of that version is refused, and not touched", () => {
  const folder = older();
  {
    using database = new DatabaseSync(folder.database);
    database.exec("DROP TABLE kept");
  }
  expect(() => openDatabase(folder)).toThrow(/no table kept/);
  using database = new DatabaseSync(folder.database);
  expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: 1 });
});

it("reads steps as they were written", () => {
  const folder = runFolder(temporaryFolder());
  createRunFolder(folder);
  using database = openDatabase(folder);
  database.exec(`
    INSERT INTO finish VALUES (1, 'sheet', 'k2', 'failed', 0, 0.5, 'why', NULL, 'finish-logs/1-sheet/1.txt');
    INSERT INTO finish VALUES (0, 'video', 'k1', 'succeeded', 1, 2, NULL,
      '[{"path":"movie.mp4","size":3,"sha256":"00"}]', NULL);
  `);
  expect(finishSteps(database)).toEqual([
    {
      ...{ index: 0, kind: "video", key: "k1", status: "succeeded", cached: true, seconds: 2 },
      ...{ reason: null, files: [{ path: "movie.mp4", size: 3, sha256: "00" }], log: null },
    },
    {
      ...{ index: 1, kind: "sheet", key: "k2", status: "failed", cached: false, seconds: 0.5 },
      ...{ reason: "why", files: null, log: "finish-logs/1-sheet/1.txt" },
    },
  ]);
});
