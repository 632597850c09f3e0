import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { extractTar } from "../../../src/engines/archive.ts";
import { addFile, writeTar } from "../../../src/engines/pack.ts";
import { collectShards, type OpenPlan } from "../../../src/index.ts";
import { pointsOf, temporaryFolder } from "../harness.ts";
import { packed, planned, SWEEP } from "../shards/fixture.ts";

/** One plan and its honest shards, for all tests of this file. */
let home: string;
let plan: OpenPlan;
let honest: string[];
let files: ReadonlyMap<string, Buffer>;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "sim-pipeline-test-"));
  ({ plan } = await planned(home, SWEEP));
  honest = [];
  for (const shard of [0, 1, 2]) honest.push((await packed(home, plan, shard)).tar);
  files = await contentsOf(honest[1] ?? "");
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The files of a tar, in its order. */
async function contentsOf(tar: string): Promise<Map<string, Buffer>> {
  const folder = mkdtempSync(join(home, "contents-"));
  await extractTar(createReadStream(tar), folder, { entries: 1000, bytes: 1e8 });
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path))]));
}

const rank = (path: string) => ["shard.json", "run.db"].indexOf(path) >>> 0;

/** Shard 1 with something changed, and a newer attempt than the honest one. */
async function forged(
  folder: string,
  change: (contents: Map<string, Buffer>) => void,
  more: (archive: Pack) => void = () => {},
): Promise<string> {
  const contents = new Map(files);
  const description = JSON.parse(String(contents.get("shard.json")));
  contents.set("shard.json", Buffer.from(JSON.stringify({ ...description, attempt: 9 })));
  change(contents);
  const tar = join(folder, "forged.tar");
  await writeTar(tar, async (archive) => {
    for (const [path, content] of contents) await addFile(archive, path, 0o644, content);
    more(archive);
  });
  return tar;
}

/** A change of the shard's run.db. */
const inDatabase = (sql: string) => (contents: Map<string, Buffer>) => {
  const path = join(mkdtempSync(join(home, "db-")), "run.db");
  const bytes = contents.get("run.db") ?? Buffer.alloc(0);
  {
    using database = new DatabaseSync(":memory:");
    database.deserialize(bytes);
    database.exec(sql);
    database.prepare("VACUUM INTO ?").run(path);
  }
  contents.set("run.db", readFileSync(path));
};

const rename = (from: string, to: string) => (contents: Map<string, Buffer>) => {
  contents.set(to, contents.get(from) ?? Buffer.alloc(0));
  contents.delete(from);
};

describe("a hostile shard is ignored with the reason, and the honest one before it counts", () => {
  const nothing = () => {};
  test.each<[string, (contents: Map<string, Buffer>) => void, RegExp, ((archive: Pack) => void)?]>([
    [
      "outputs of another shard's point",
      rename("points/i=3/point", "points/i=0/point"),
      /not its own/,
    ],
    ["a file beside the run's folders", rename("points/i=3/point", "results.csv"), /not its own/],
    ["a file in the place of a point", rename("logs/i=3/1.txt", "logs/i=3"), /(?:twice|as logs)/],
    ["staging", rename("logs/i=3/1.txt", "staging/i=3/x"), /not its own/],
    ["no run.db", (contents) => void contents.delete("run.db"), /no run.db/],
    ["a run.db that is none", (c) => void c.set("run.db", Buffer.from("hello")), /run.db/],
    ["another table", inDatabase("CREATE TABLE more (a)"), /no run of ours/],
    [
      "a view that computes without end",
      inDatabase(
        "DROP TABLE kept; CREATE VIEW kept AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i FROM n",
      ),
      /no run of ours/,
    ],
    [
      "a trigger",
      inDatabase("CREATE TRIGGER t AFTER INSERT ON run BEGIN SELECT 1; END"),
      /no run of ours/,
    ],
    ["another shard's point", inDatabase("UPDATE points SET idx = 99 WHERE idx = 5"), /99/],
    ["a point under another name", inDatabase("UPDATE points SET name = 'x' WHERE idx = 4"), /"x"/],
    [
      "a name that leads out",
      inDatabase("UPDATE points SET name = '../../x' WHERE idx = 4"),
      /not its own/,
    ],
    [
      "other parameters",
      inDatabase("UPDATE points SET parameters = '{\"i\":5}' WHERE idx = 4"),
      /other parameters/,
    ],
    [
      "another key",
      inDatabase(`UPDATE points SET key = '${"0".repeat(64)}' WHERE idx = 4`),
      /another key/,
    ],
    [
      "keys of another sweep",
      inDatabase('UPDATE commons SET document = \'{"image":"x","inputs":[]}\''),
      /another sweep/,
    ],
    ["keys of no sweep", inDatabase("UPDATE commons SET document = '7'"), /no run of ours made/],
    ["no common part", inDatabase("DELETE FROM commons"), /common/],
    [
      "a status that there is not",
      inDatabase("UPDATE points SET status = 'great' WHERE idx = 4"),
      /status/,
    ],
    ["a running point", inDatabase("UPDATE points SET status = 'running' WHERE idx = 4"), /status/],
    ["seconds as text", inDatabase("UPDATE points SET seconds = 'long' WHERE idx = 4"), /seconds/],
    [
      "metrics that are nested",
      inDatabase("UPDATE points SET metrics = '{\"a\":{}}' WHERE idx = 4"),
      /run.db/,
    ],
    [
      "metrics that are no JSON",
      inDatabase("UPDATE points SET metrics = '{' WHERE idx = 4"),
      /run.db/,
    ],
    [
      "no list of files",
      inDatabase("UPDATE points SET files = NULL WHERE idx = 4"),
      /no list of the files/,
    ],
    ["attempts of no execution", inDatabase("DELETE FROM executions"), /no execution/],
    [
      "a link",
      nothing,
      /no regular file/,
      (archive) =>
        void archive.entry({ name: "points/i=3/l", type: "symlink", linkname: "/etc/passwd" }),
    ],
    [
      "a path that leads out",
      nothing,
      /path/,
      (archive) => void archive.entry({ name: "points/i=3/../../../x" }, "x"),
    ],
  ])("%s", async (_title, change, says, more) => {
    const folder = temporaryFolder();
    const tar = await forged(folder, change, more);
    const out = join(folder, "out");
    const shards = [...honest, tar];
    const collected = await collectShards({ plan, shards, out });
    expect(collected.ignored).toEqual([{ tar, why: expect.stringMatching(says) }]);
    expect(collected.counts.succeeded).toBe(10);
    expect(collected.used[1]).toEqual({ shard: 1, attempt: 1, tar: honest[1] });
    expect(readdirSync(folder).sort()).toEqual(["forged.tar", "out"]);
    expect(readdirSync(out).sort()).toEqual(
      [
        "failed",
        "logs",
        "points",
        "report.html",
        "results.csv",
        "results.jsonl",
        "run.db",
        "run.lock",
      ].sort(),
    );
    expect(pointsOf(out)).toHaveLength(10);
  });
});

test("a shard that is hostile and alone counts as not there", async () => {
  const folder = temporaryFolder();
  const tar = await forged(folder, inDatabase("CREATE TABLE more (a)"));
  const out = join(folder, "out");
  const shards = [honest[0] ?? "", tar, honest[2] ?? ""];
  const { missing, counts } = await collectShards({ plan, shards, out });
  expect(missing).toEqual([{ shard: 1, points: ["i=3", "i=4", "i=5"], why: "no artifact" }]);
  expect(counts).toMatchObject({ succeeded: 7, pending: 3 });
  expect(existsSync(join(out, "points/i=4"))).toBe(false);
});

test.each<[string, (contents: Map<string, Buffer>) => void]>([
  ["a file is gone", (contents) => void contents.delete("points/i=4/point")],
  ["a file has another size", (c) => void c.set("points/i=4/point", Buffer.from("more"))],
  ["a file more is there", (c) => void c.set("points/i=4/z", Buffer.from("x"))],
])(
  "where outputs are not what the run recorded, as %s, the point is missing",
  async (_title, change) => {
    const folder = temporaryFolder();
    const tar = await forged(folder, change);
    const out = join(folder, "out");
    const collected = await collectShards({ plan, shards: [...honest, tar], out });
    expect(collected.missing).toEqual([{ shard: 1, points: ["i=4"], why: "damaged" }]);
    expect(collected.used[1]).toMatchObject({ attempt: 9 });
    expect(existsSync(join(out, "points/i=4"))).toBe(false);
    expect(readFileSync(join(out, "points/i=5/point"), "utf8")).toBe("5\n");
  },
);

test("of a folder that could not be finished nothing is left", async () => {
  const folder = temporaryFolder();
  const out = join(folder, "out");
  mkdirSync(out);
  await expect(collectShards({ plan, shards: [join(folder, "none.tar")], out })).rejects.toThrow(
    "cannot be read",
  );
  expect(existsSync(out)).toBe(false);
});
