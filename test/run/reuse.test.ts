import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { openDatabase } from "../../src/results/database.ts";
import { runFolder } from "../../src/results/folder.ts";
import { reuseResults } from "../../src/run/reuse.ts";
import { runFake, temporaryFolder } from "./harness.ts";

const SWEEP = { parameters: { seed: { range: "1-2" } } };

/** A folder whose points are all to run, and another that has them all. */
async function folders() {
  const home = temporaryFolder();
  const [fresh, other] = [join(home, "fresh"), join(home, "other")];
  await runFake(other, SWEEP, () => ({ files: { "a.txt": "a" } }));
  await runFake(fresh, SWEEP, () => ({ exitCode: 1 }));
  const folder = runFolder(fresh);
  mkdirSync(folder.staging, { recursive: true });
  const reuse = () => {
    using database = openDatabase(folder);
    database.exec("UPDATE points SET todo = 1");
    return reuseResults(database, folder, runFolder(other), { verify: false, foreign: true });
  };
  const forge = (sql: string) => {
    using database = new DatabaseSync(join(other, "run.db"));
    database.exec(sql);
  };
  return { home, fresh, other, reuse, forge };
}

test("results of another folder are taken over without the links among them", async () => {
  const { fresh, other, reuse } = await folders();
  symlinkSync("/etc", join(other, "points/seed=1/etc"));
  expect(reuse()).toBe(2);
  expect(readdirSync(join(fresh, "points/seed=1"))).toEqual(["a.txt"]);
});

test.each([
  ["a folder that leads out", "UPDATE points SET name = '../../secret' WHERE idx = 0"],
  [
    "a file that leads out",
    `UPDATE points SET files = '[{"path":"../x","size":1,"sha256":""}]' WHERE idx = 0`,
  ],
  ["a list of files that is none", "UPDATE points SET files = '{' WHERE idx = 0"],
  ["metrics that are nested", `UPDATE points SET metrics = '{"a":[]}' WHERE idx = 0`],
])("a result with %s is not taken", async (_title, sql) => {
  const { home, fresh, reuse, forge } = await folders();
  mkdirSync(join(home, "secret"));
  writeFileSync(join(home, "secret/a.txt"), "b");
  forge(sql);
  expect(reuse()).toBe(1);
  expect(existsSync(join(fresh, "points/seed=1"))).toBe(false);
  expect(existsSync(join(fresh, "points/seed=2"))).toBe(true);
});

test("a folder with another schema is refused", async () => {
  const { reuse, forge } = await folders();
  forge("CREATE VIEW more AS SELECT 1");
  expect(reuse).toThrow(/no run of this version/);
});
