import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { addFile, writeTar } from "../../../src/engines/pack.ts";
import { openTar } from "../../../src/engines/tar-file.ts";
import { packShard, readShardFile, runShard, unpackShard } from "../../../src/index.ts";
import { pointsOf, temporaryFolder } from "../harness.ts";
import { packed, planned, SWEEP } from "./fixture.ts";

const pathsIn = (path: string) => {
  using tar = openTar(path);
  return [...tar.entries()].map((entry) => entry.path);
};

test("a shard's tar holds its points in their order, and nothing that is not theirs", async () => {
  const folder = temporaryFolder();
  const { plan } = await planned(folder, SWEEP);
  const out = join(folder, "run");
  await runShard({ plan, shard: 1, out, engine: "process" });
  symlinkSync("/etc/passwd", join(out, "points/i=3/passwd"));
  symlinkSync("/etc", join(out, "points/i=3/etc"));
  rmSync(join(out, "logs/i=4"), { recursive: true });
  symlinkSync("/etc", join(out, "logs/i=4"));
  mkdirSync(join(out, "points/stranger"));
  writeFileSync(join(out, "points/stranger/x"), "x");
  const tar = join(folder, "shard.tar");
  const pack = async () =>
    await packShard({ plan, shard: 1, attempt: 1, complete: true, folder: out, out: tar });
  await pack();
  const point = (i: number) => [`points/i=${i}/point`, `points/i=${i}/result.json`];
  expect(pathsIn(tar)).toEqual([
    "shard.json",
    "run.db",
    ...[...point(3), "logs/i=3/1.txt"],
    ...point(4),
    ...[...point(5), "logs/i=5/1.txt"],
  ]);
  const before = readFileSync(tar);
  await pack();
  expect(readFileSync(tar).equals(before)).toBe(true);
});

test("a run that never began is packed as a shard of which all is missing", async () => {
  const folder = temporaryFolder();
  const { plan } = await planned(folder, SWEEP);
  const tar = join(folder, "shard.tar");
  const run = join(folder, "run");
  await packShard({ plan, shard: 0, attempt: 3, complete: false, folder: run, out: tar });
  expect(await readShardFile(tar)).toEqual({
    version: 1,
    plan: plan.digest,
    shard: 0,
    attempt: 3,
    complete: false,
    sweep: "tiny",
  });
  const again = join(folder, "again");
  await unpackShard(tar, again);
  expect(pointsOf(again)).toEqual([]);
});

test("a run cut off by a signal keeps what finished", async () => {
  const folder = temporaryFolder();
  const slow = SWEEP.replace("command: ['", "workers: 1\ncommand: ['[ {{ i }} = 0 ] || sleep 60; ");
  const { plan } = await planned(folder, slow);
  const out = join(folder, "run");
  const stop = new AbortController();
  const { interrupted } = await runShard({
    plan,
    shard: 0,
    out,
    engine: "process",
    signal: stop.signal,
    onEvent: (event) => {
      if (event.type === "started" && event.name === "i=1") stop.abort("SIGINT");
    },
  });
  expect(interrupted).toBe("SIGINT");
  const tar = join(folder, "shard.tar");
  await packShard({ plan, shard: 0, attempt: 1, complete: false, folder: out, out: tar });
  expect(pathsIn(tar)).toContain("points/i=0/point");
  const again = join(folder, "again");
  await unpackShard(tar, again);
  expect(pointsOf(again)).toEqual(["i=0 succeeded 1", "i=1 cancelled 1", "i=2 pending 0"]);
});

test("a shard that the plan does not have is refused before anything is written", async () => {
  const folder = temporaryFolder();
  const { plan } = await planned(folder, SWEEP);
  const run = join(folder, "run");
  const wrong = { plan, shard: 3, out: run };
  await expect(runShard(wrong)).rejects.toMatchObject({ exitCode: 2 });
  const packing = packShard({ ...wrong, attempt: 1, complete: true, folder: run });
  await expect(packing).rejects.toMatchObject({ exitCode: 2 });
  expect(existsSync(run)).toBe(false);
});

test("a shard is unpacked into an empty folder only, and only what belongs there", async () => {
  const folder = temporaryFolder();
  const { plan } = await planned(folder, SWEEP);
  const { tar, run } = await packed(folder, plan, 0);
  await expect(unpackShard(tar, run)).rejects.toThrow("is not empty");
  const forged = join(folder, "forged.tar");
  const description = JSON.stringify(await readShardFile(tar));
  for (const path of ["staging/x", "points", "x", "../x"]) {
    await writeTar(forged, async (archive) => {
      await addFile(archive, "shard.json", 0o644, description);
      await addFile(archive, path, 0o644, "x");
    });
    const target = join(folder, `target-${readdirSync(folder).length}`);
    await expect(unpackShard(forged, target)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("is no shard's tar"),
    });
  }
  expect(existsSync(join(folder, "x"))).toBe(false);
  writeFileSync(forged, "hello");
  await expect(readShardFile(forged)).rejects.toMatchObject({ exitCode: 2 });
});

test.each<[string, string, RegExp]>([
  ["a name that leads out", "UPDATE points SET name = '../../x' WHERE idx = 0", /point named/],
  ["an attempt's name", "UPDATE attempts SET name = '../x'", /point named/],
  ["an attempt under way", "UPDATE attempts SET status = 'placing'", /status/],
  ["a folder to move", "INSERT INTO moves VALUES (1, '../../x', 'points/i=0', 0)", /folder/],
  ["a trigger", "CREATE TRIGGER t AFTER UPDATE ON points BEGIN SELECT 1; END", /no run of ours/],
])("a journal that a run must not take up is refused: %s", async (_title, sql, says) => {
  const folder = temporaryFolder();
  const { plan } = await planned(folder, SWEEP);
  const { tar } = await packed(folder, plan, 0);
  const path = join(folder, "run.db");
  const forged = join(folder, "forged.tar");
  {
    using archive = openTar(tar);
    for (const entry of archive.entries())
      if (entry.path === "run.db") archive.extract(entry, path);
    using database = new DatabaseSync(path);
    database.exec(sql);
  }
  await writeTar(forged, async (archive) => {
    const description = JSON.stringify(await readShardFile(tar));
    await addFile(archive, "shard.json", 0o644, description);
    await addFile(archive, "run.db", 0o644, readFileSync(path));
  });
  await expect(unpackShard(forged, join(folder, "again"))).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(says),
  });
});
