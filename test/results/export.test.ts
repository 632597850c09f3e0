import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../../src/results/database.ts";
import { exportRun } from "../../src/results/export.ts";
import { createRunFolder, type RunFolder, runFolder } from "../../src/results/folder.ts";

describe("the results of a run folder", () => {
  let folder: RunFolder;
  let database: DatabaseSync;
  beforeEach(() => {
    folder = runFolder(mkdtempSync(join(tmpdir(), "export-")));
    createRunFolder(folder);
    database = openDatabase(folder);
    const insert = database.prepare(
      `INSERT INTO points (idx, name, key, status, cached, exit_code, attempts, seconds,
         cpu_seconds, peak_memory, parameters, ordinal, common, document, metrics, todo)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?, 0, 0, '{}', ?, 0)`,
    );
    insert.run(1, "n=2", "k2", "failed", 0, 7, 3, 0.25, '{"n":2}', null);
    insert.run(0, "n=1", "k1", "succeeded", 1, 0, 1, 0.5, '{"n":1}', '{"n":"one","ok":true}');
  });
  afterEach(() => {
    database.close();
    rmSync(folder.root, { recursive: true });
  });

  it("are a row a point in the plan's order, whatever its status", async () => {
    expect(await exportRun(database, folder, { parquet: false })).toEqual([
      "results.csv",
      "results.jsonl",
    ]);
    expect(readFileSync(join(folder.root, "results.csv"), "utf8")).toBe(
      "name,status,cached,exit_code,attempts,seconds,cpu_seconds,peak_memory,n,result.n,ok\n" +
        "n=1,succeeded,true,0,1,0.5,,,1,one,true\n" +
        "n=2,failed,false,7,3,0.25,,,2,,\n",
    );
    const [first] = readFileSync(join(folder.root, "results.jsonl"), "utf8").split("\n");
    expect(JSON.parse(first ?? "")).toMatchObject({ n: 1, "result.n": "one", ok: true });
  });

  it("are there as Parquet where that is asked for, and no older Parquet stays otherwise", async () => {
    const parquet = join(folder.root, "results.parquet");
    expect(await exportRun(database, folder, { parquet: true })).toContain("results.parquet");
    expect(existsSync(parquet)).toBe(true);
    writeFileSync(parquet, "older");
    await exportRun(database, folder, { parquet: false });
    expect(existsSync(parquet)).toBe(false);
  });
});
