import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { openDatabase, readDatabase } from "../../src/results/database.ts";
import { createRunFolder, runFolder } from "../../src/results/folder.ts";
import { lastRequest, writeRequest } from "../../src/results/request.ts";
import { startExecution } from "../../src/run/journal.ts";
import { requestOf } from "../../src/run/request.ts";
import { temporaryFolder } from "./harness.ts";

const REQUEST = { path: "sweep.yaml", params: ["seed=1-5"], set: [], allowOutside: false };
const EXECUTION = { engine: "process", image: "", identity: "", workers: 1 };

describe("what a run was asked for with", () => {
  it.each<[string, string, string]>([
    ["a secret's value", "env.KEY=hunter2!", "env.KEY=***"],
    [
      "who logs in, in an address",
      "inputs.0.from=https://me:pw@host/a",
      "inputs.0.from=https://***@host/a",
    ],
    ["a signed address", "inputs.0.from=s3://b/k?X-Sig=1&a=2", "inputs.0.from=s3://b/k?***"],
    [
      "several addresses",
      'x=["https://a/?t=1", "https://u@b/c"]',
      'x=["https://a/?***", "https://***@b/c"]',
    ],
    ["nothing of the kind", "command=--to me@host --why ?", "command=--to me@host --why ?"],
  ])("is kept without %s", (_, set, kept) => {
    const request = { ...REQUEST, params: [set], set: [set] };
    const known = requestOf({ request }, "/runs/pi", ["hunter2!"]);
    expect([known?.params, known?.set]).toEqual([[kept], [kept]]);
  });

  it("has the run folder relative to the working directory, outside of it absolute", () => {
    const out = (path: string) => requestOf({ request: REQUEST }, path, [])?.out;
    expect(out(join(process.cwd(), "runs/pi"))).toBe("runs/pi");
    expect(out("/elsewhere/pi")).toBe("/elsewhere/pi");
    expect(out(process.cwd())).toBe(process.cwd());
  });

  it("is nothing for a sweep that a program made", () => {
    expect(requestOf({ request: null }, "/runs/pi", [])).toBe(null);
  });

  it("is read of the last start, and is not known where that noted none", () => {
    const folder = runFolder(temporaryFolder());
    createRunFolder(folder);
    using database = openDatabase(folder);
    expect(lastRequest(database)).toBe(null);
    for (const out of ["runs/first", "runs/second"]) {
      writeRequest(database, startExecution(database, EXECUTION), { ...REQUEST, out });
    }
    expect(lastRequest(database)).toEqual({ ...REQUEST, out: "runs/second" });
    startExecution(database, EXECUTION);
    expect(lastRequest(database)).toBe(null);
  });

  it("is not known in a folder of version 2, which is brought up when a run opens it", () => {
    const folder = runFolder(temporaryFolder());
    createRunFolder(folder);
    openDatabase(folder).close();
    {
      using older = new DatabaseSync(folder.database);
      older.exec("DROP TABLE requests; DROP TABLE machines; PRAGMA user_version = 2");
    }
    {
      using database = readDatabase(folder);
      expect(lastRequest(database)).toBe(null);
    }
    using database = openDatabase(folder);
    writeRequest(database, startExecution(database, EXECUTION), { ...REQUEST, out: "runs/pi" });
    expect(lastRequest(database)?.out).toBe("runs/pi");
  });
});
