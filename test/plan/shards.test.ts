import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIndices, parseIndices } from "../../src/plan/indices.ts";
import type { Plan } from "../../src/plan/plan.ts";
import {
  PLAN_FILE,
  type PlanFile,
  planDigest,
  shardBoundaries,
  shardMatrix,
  shardPlan,
} from "../../src/plan/shards.ts";
import { planOf } from "./sweeps.ts";

const fileOf = (plan: Plan, changes: Partial<PlanFile> = {}): PlanFile => ({
  version: 1,
  sweep: { name: "test", path: "sweep.yaml", params: [], set: [] },
  points: plan.count,
  boundaries: [0, plan.count],
  done: "",
  resume: null,
  keys: { identity: "sha256:x", inputs: [] },
  commit: null,
  repository: null,
  checkout: false,
  files: [],
  ...changes,
});

/** How many points, which of them are done, and how many shards are asked for. */
const cases = fc.integer({ min: 1, max: 300 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    done: fc.uniqueArray(fc.nat(count - 1)).map((list) => list.sort((a, b) => a - b)),
    shards: fc.option(fc.integer({ min: 1, max: 256 })),
    measured: fc.array(fc.tuple(fc.nat(count - 1), fc.double({ min: -1, max: 100 }))),
  }),
);

test("each point that is not done is in exactly one shard, and no shard is empty", () => {
  fc.assert(
    fc.property(cases, ({ count, done, shards, measured }) => {
      const plan = planOf({ parameters: { i: { range: `0-${count - 1}` } } });
      const seconds = new Map(measured.map(([i, value]) => [`i=${i}`, value]));
      const boundaries = shardBoundaries(plan, { shards, done, seconds });
      const file = PLAN_FILE.parse(fileOf(plan, { boundaries, done: formatIndices(done) }));
      const rows = boundaries
        .slice(1)
        .map((_, shard) => Array.from(shardPlan(plan, file, shard).points(), ({ index }) => index));
      const toRun = Array.from({ length: count }, (_, i) => i).filter((i) => !done.includes(i));
      expect(rows.flat()).toEqual(toRun);
      expect(rows).toHaveLength(Math.max(1, Math.min(shards ?? 20, toRun.length)));
      if (toRun.length > 0) expect(rows.every((row) => row.length > 0)).toBe(true);
      expect(rows.map(({ length }) => length)).toEqual(
        rows.map((_, shard) => shardPlan(plan, file, shard).count),
      );
      if (seconds.size === 0) {
        const lengths = rows.map(({ length }) => length);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 60 },
  );
});

test("a point that nobody measured takes the median", () => {
  const plan = planOf({ parameters: { i: { range: "0-5" } } });
  const seconds = new Map([
    ["i=0", 1],
    ["i=1", 10],
    ["i=2", 100],
    ["i=3", Number.NaN],
  ]);
  // 1 + 10 + 100 | 10 + 10 + 10
  expect(shardBoundaries(plan, { shards: 2, done: [], seconds })).toEqual([0, 3, 6]);
});

test.each([257, 0, 1.5])("%j shards are refused, with what to set", (shards) => {
  const plan = planOf({ parameters: { i: { range: "0-999" } } });
  expect(() => shardBoundaries(plan, { shards, done: [] })).toThrow(/1 to 256[\s\S]*Set shards/);
});

test("the matrix names each shard's first and last point", () => {
  const plan = planOf({ parameters: { i: { range: "0-9" } } });
  const file = fileOf(plan, { boundaries: [0, 4, 5, 10], done: "0-1,6,9" });
  expect(shardMatrix(file).include).toEqual([
    { shard: 0, points: "2-3" },
    { shard: 1, points: "4" },
    { shard: 2, points: "5-8" },
  ]);
  expect(shardMatrix(fileOf(plan, { done: "0-9" })).include).toEqual([
    { shard: 0, points: "none" },
  ]);
});

test("a shard that the plan does not have is refused", () => {
  const plan = planOf({ parameters: { i: { range: "0-9" } } });
  expect(() => shardPlan(plan, fileOf(plan), 1)).toThrow("no shard 1; its shards are 0 to 0");
});

test("the digest is of the content, in whatever order", () => {
  const plan = planOf({ parameters: { i: { range: "0-9" } } });
  const file = fileOf(plan);
  const { version, ...rest } = file;
  expect(planDigest({ ...rest, version })).toBe(planDigest(file));
  expect(planDigest({ ...file, commit: "abc" })).not.toBe(planDigest(file));
});

test("indices are written as ranges, and read back", () => {
  expect(formatIndices([])).toBe("");
  expect(formatIndices([0, 1, 2, 71, 73, 74])).toBe("0-2,71,73-74");
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(200)), (list) => {
      const sorted = list.sort((a, b) => a - b);
      const { count, has } = parseIndices(formatIndices(sorted), 201);
      expect(count).toBe(sorted.length);
      expect(Array.from({ length: 202 }, (_, i) => i).filter(has)).toEqual(sorted);
    }),
  );
});

describe("a plan.json that nobody vouches for", () => {
  const plan = planOf({ parameters: { i: { range: "0-9" } } });
  const sweep = (path: string) => ({ name: "test", path, params: [], set: [] });
  const listed = (path: string) => ({ path, sha256: "0".repeat(64), carried: true });
  test.each<[title: string, changes: Record<string, unknown>]>([
    ["an unknown key", { more: 1 }],
    ["a newer version", { version: 2 }],
    ["a sweep above the repository", { sweep: sweep("../sweep.yaml") }],
    ["an absolute sweep", { sweep: sweep("/sweep.yaml") }],
    ["an empty path", { sweep: sweep("") }],
    ["a file above the repository", { files: [listed("a/../../b")] }],
    ["a file with a backslash", { files: [listed("a\\b")] }],
    ["a file twice", { files: [listed("a"), listed("a")] }],
    ["shards that are not all points", { boundaries: [0, 9] }],
    ["shards that begin later", { boundaries: [1, 10] }],
    ["shards in no order", { boundaries: [0, 7, 5, 10] }],
    ["257 shards", { boundaries: [0, ...new Array(256).fill(5), 10] }],
    ["done points beyond the plan", { done: "0-10" }],
    ["done points below it", { done: "-1" }],
    ["done points that are no list", { done: "all" }],
    ["more done points than could be counted", { done: "0-9007199254740991" }],
    ["done points without keys", { done: "1", keys: null }],
  ])("%s is refused", (_title, changes) => {
    expect(PLAN_FILE.safeParse(fileOf(plan)).success).toBe(true);
    expect(PLAN_FILE.safeParse({ ...fileOf(plan), ...changes }).success).toBe(false);
  });
});
