import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { collectShards } from "../../../src/index.ts";
import { pointsOf, temporaryFolder } from "../harness.ts";
import { packed, planned, SWEEP } from "../shards/fixture.ts";

test("the shards of a plan become one run folder", async () => {
  const folder = temporaryFolder();
  const { plan, matrix } = await planned(folder, SWEEP);
  expect(matrix.include).toEqual([
    { shard: 0, points: "0-2" },
    { shard: 1, points: "3-5" },
    { shard: 2, points: "6-9" },
  ]);
  const shards: string[] = [];
  for (const shard of [0, 1, 2]) shards.push((await packed(folder, plan, shard)).tar);
  const out = join(folder, "collected");
  const collected = await collectShards({ plan, shards, out });
  expect(collected).toMatchObject({
    counts: { succeeded: 10, pending: 0 },
    cached: 0,
    engine: "process",
    missing: [],
    ignored: [],
    used: shards.map((tar, shard) => ({ tar, shard, attempt: 1 })),
  });
  expect(pointsOf(out)).toEqual(Array.from({ length: 10 }, (_, i) => `i=${i} succeeded 1`));
  expect(readFileSync(join(out, "points/i=7/point"), "utf8")).toBe("7\n");
  expect(readFileSync(join(out, "logs/i=7/1.txt"), "utf8")).toBe("log 7\n");
  expect(readFileSync(join(out, "results.csv"), "utf8").split("\n")[8]).toMatch(
    /^i=7,succeeded.*14$/,
  );
});
