import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  collectShards,
  openPlan,
  planKeys,
  planSweep,
  runSweep,
  shardSweep,
  unpackShard,
} from "../../../src/index.ts";
import { readDatabase } from "../../../src/results/database.ts";
import { runFolder } from "../../../src/results/folder.ts";
import { attemptLogs } from "../../../src/results/logs.ts";
import { lastRequest } from "../../../src/results/request.ts";
import { pointsOf, temporaryFolder } from "../harness.ts";
import { opened, packed, planned, SWEEP, write } from "../shards/fixture.ts";

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
  using database = readDatabase(runFolder(out));
  // From the repository's root, not where the plan was unpacked to.
  expect(lastRequest(database)).toMatchObject({ path: "sims/tiny/sweep.yaml", out });
});

test("logs and attempts are each point's own", async () => {
  const folder = temporaryFolder();
  const { plan } = await planned(
    folder,
    SWEEP.replace("process:", "isolation: {batch: 2}\nprocess:").replace(/command: .*/, COMMAND),
  );
  const shards: string[] = [];
  for (const shard of [0, 1, 2]) shards.push((await packed(folder, plan, shard)).tar);
  const out = join(folder, "collected");
  const { counts } = await collectShards({ plan, shards, out });
  expect(counts.succeeded).toBe(10);
  using database = readDatabase(runFolder(out));
  const text = (index: number) =>
    attemptLogs(database, runFolder(out), index).map(({ path, attempt }) => [
      attempt,
      readFileSync(path, "utf8"),
    ]);
  // Tasks have the same numbers in every shard, and batches share a log.
  expect(text(0)).toEqual([[1, "i=0\ni=1\n"]]);
  expect(text(3)).toEqual([[1, "i=3\ni=4\n"]]);
  expect(text(6)).toEqual([[1, "i=6\ni=7\n"]]);
});

/** A batch that prints its points' names. */
const COMMAND = `command: ['while read -r line; do
  name=\${line#*\\"name\\":\\"}; name=\${name%%\\"*};
  echo "$name"; echo x > "$SIM_OUTPUT/$name/point"; echo "{}" > "$SIM_OUTPUT/$name/result.json";
  done < "$SIM_POINTS"']`;

describe("of a shard's attempts", () => {
  /** Shard 0 as packed several times: `attempt`, whether `complete`, and how many points are in it. */
  const cases: {
    title: string;
    packs: { attempt: number; complete: boolean }[];
    used: number;
  }[] = [
    {
      title: "a complete one counts before a higher that is not",
      packs: [
        { attempt: 1, complete: true },
        { attempt: 2, complete: false },
      ],
      used: 0,
    },
    {
      title: "the highest complete one counts",
      packs: [
        { attempt: 2, complete: true },
        { attempt: 10, complete: true },
        { attempt: 3, complete: true },
      ],
      used: 1,
    },
    {
      title: "where none is complete, the highest counts",
      packs: [
        { attempt: 2, complete: false },
        { attempt: 1, complete: false },
      ],
      used: 0,
    },
    {
      title: "of two uploads of one attempt the later counts",
      packs: [
        { attempt: 1, complete: true },
        { attempt: 1, complete: true },
      ],
      used: 1,
    },
  ];
  test.each(cases)("$title", async ({ packs, used }) => {
    const folder = temporaryFolder();
    const { plan } = await planned(folder, SWEEP, { shards: 1 });
    const tars: string[] = [];
    for (const [at, pack] of packs.entries()) {
      const { tar } = await packed(folder, plan, 0, { ...pack, out: join(folder, "run") });
      const own = join(folder, `${at}.tar`);
      cpSync(tar, own);
      tars.push(own);
    }
    const collected = await collectShards({ plan, shards: tars, out: join(folder, "out") });
    const attempt = packs[used]?.attempt;
    expect(collected.used).toEqual([{ shard: 0, attempt, tar: tars[used] }]);
    expect(collected.ignored).toEqual([]);
  });
});

test("shards of another plan are ignored by name", async () => {
  const folder = temporaryFolder();
  const { plan } = await planned(folder, SWEEP);
  const other = await planned(join(folder, "other"), SWEEP, { shards: 2 });
  const { tar } = await packed(join(folder, "other"), other.plan, 0);
  const { ignored, missing, counts } = await collectShards({
    plan,
    shards: [tar],
    out: join(folder, "out"),
  });
  expect(ignored).toEqual([{ tar, why: "belongs to another plan" }]);
  expect(counts.pending).toBe(10);
  expect(missing.map(({ shard, points, why }) => [shard, points.length, why])).toEqual([
    [0, 3, "no artifact"],
    [1, 3, "no artifact"],
    [2, 4, "no artifact"],
  ]);
});

test("a run into the collected folder runs what is missing, and nothing else", async () => {
  const folder = temporaryFolder();
  const { plan, root } = await planned(folder, SWEEP);
  const shards = [(await packed(folder, plan, 0)).tar, (await packed(folder, plan, 2)).tar];
  const out = join(folder, "out");
  await collectShards({ plan, shards, out });
  const sweep = join(root, "sims/tiny/sweep.yaml");
  const started: string[] = [];
  const summary = await runSweep({
    sweep,
    out,
    engine: "process",
    onEvent: (event) => {
      if (event.type === "started") started.push(event.name);
    },
  });
  expect(summary).toMatchObject({ cached: 7, counts: { succeeded: 10 } });
  expect(started.sort()).toEqual(["i=3", "i=4", "i=5"]);
});

test("failed points are kept with their outputs, and what on-failure stopped is told", async () => {
  const folder = temporaryFolder();
  const failing = SWEEP.replace("command: ['", "command: ['[ {{ i }} = 4 ] && exit 7; ");
  const stopping = failing.replace("process:", "workers: 1\non-failure: stop\nprocess:");
  const { plan } = await planned(folder, stopping);
  const shards: string[] = [];
  for (const shard of [0, 1, 2]) shards.push((await packed(folder, plan, shard)).tar);
  const collected = await collectShards({ plan, shards, out: join(folder, "out") });
  expect(collected.counts).toMatchObject({ succeeded: 8, failed: 1, pending: 1 });
  expect(collected.missing).toEqual([{ shard: 1, points: ["i=5"], why: "stopped" }]);
  expect(collected.failures).toMatchObject([{ name: "i=4", reason: "exit code 7" }]);
});

describe("points that an earlier run has", () => {
  /** A plan that counts all but the points from `from` on as done. */
  async function resumed(from: number) {
    const folder = temporaryFolder();
    const { plan, root } = await planned(folder, SWEEP);
    const shards: string[] = [];
    for (const shard of [0, 1, 2]) shards.push((await packed(folder, plan, shard)).tar);
    const earlier = join(folder, "earlier");
    await collectShards({ plan, shards, out: earlier });
    const sweep = join(root, "sims/tiny/sweep.yaml");
    const keyer = await planKeys(planSweep({ sweep }), { engine: "process" });
    const keys = new Set(Array.from(plan.plan.points(0, from), (point) => keyer.key(point).key));
    const tar = join(folder, "again.tar");
    const done = { keys, run: 77, artifacts: [{ id: 5, name: "tiny-results" }] };
    const { matrix, file } = await shardSweep({
      sweep,
      root,
      shards: 2,
      commit: null,
      repository: null,
      process: true,
      out: tar,
      keyer,
      done,
    });
    expect(file.resume).toEqual({ run: 77, artifacts: done.artifacts });
    return { folder, earlier, matrix, plan: await opened(folder, root, tar) };
  }

  test("come from there by key, and are not run", async () => {
    const { folder, earlier, matrix, plan } = await resumed(6);
    expect(matrix.include).toEqual([
      { shard: 0, points: "6-7" },
      { shard: 1, points: "8-9" },
    ]);
    const again = join(folder, "again");
    mkdirSync(again);
    const { tar, summary } = await packed(again, plan, 0);
    expect(summary.counts.succeeded).toBe(2);
    const shards = [tar, (await packed(again, plan, 1)).tar];
    const out = join(folder, "out");
    const collected = await collectShards({ plan, shards, earlier: [earlier], out });
    expect(collected).toMatchObject({ cached: 6, counts: { succeeded: 10 }, missing: [] });
    expect(pointsOf(out).slice(5, 7)).toEqual(["i=5 succeeded 1 cached", "i=6 succeeded 1"]);
    expect(readFileSync(join(out, "points/i=0/point"), "utf8")).toBe("0\n");
    expect(readFileSync(join(out, "logs/i=0/1.txt"), "utf8")).toBe("log 0\n");
  });

  test("all of them make one shard without points, which runs nothing", async () => {
    const { folder, earlier, matrix, plan } = await resumed(10);
    expect(matrix.include).toEqual([{ shard: 0, points: "none" }]);
    const again = join(folder, "again");
    mkdirSync(again);
    const { tar, summary } = await packed(again, plan, 0);
    expect(summary).toMatchObject({ engine: "none", counts: { succeeded: 0, pending: 0 } });
    const out = join(folder, "out");
    const collected = await collectShards({ plan, shards: [tar], earlier: [earlier], out });
    expect(collected).toMatchObject({ cached: 10, counts: { succeeded: 10 }, missing: [] });
  });

  test("are missing where the earlier results are gone or changed", async () => {
    const { folder, earlier, plan } = await resumed(10);
    rmSync(join(earlier, "points/i=3/point"));
    const options = { plan, shards: [] };
    const out = join(folder, "out");
    const { missing } = await collectShards({ ...options, earlier: [earlier], out });
    expect(missing).toEqual([{ shard: 0, points: ["i=3"], why: "not in earlier run" }]);
    // An artifact that is no run is told, and costs the others nothing.
    mkdirSync(join(folder, "empty"));
    const none = await collectShards({
      ...options,
      earlier: [join(folder, "empty")],
      out: join(folder, "none"),
    });
    expect(none.ignored).toEqual([
      { tar: join(folder, "empty"), why: expect.stringContaining("no run.db") },
    ]);
    expect(none.missing).toMatchObject([{ why: "not in earlier run" }]);
    expect(none.counts.pending).toBe(10);
  });
});

test("two images among the shards are warned of", async () => {
  const folder = temporaryFolder();
  const { plan, root } = await planned(folder, SWEEP, { shards: 2 });
  const shards = [(await packed(folder, plan, 0)).tar];
  // The process engine's identity covers what lies beside the sweep.
  write(root, { "sims/tiny/program": "changed" });
  shards.push((await packed(folder, plan, 1)).tar);
  const said: string[] = [];
  await collectShards({
    plan,
    shards,
    out: join(folder, "out"),
    onEvent: (event) => void (event.type === "warning" && said.push(event.message)),
  });
  expect(said).toEqual([expect.stringMatching(/same image[\s\S]*shards 0; 1\./)]);
});

test("a shard taken up again from its packed first attempt runs only what it lacks", async () => {
  const folder = temporaryFolder();
  const { plan, root, tar: planTar } = await planned(folder, SWEEP, { shards: 1 });
  const { tar } = await packed(folder, plan, 0);
  const again = join(folder, "again");
  const description = await unpackShard(tar, again);
  expect(description).toMatchObject({ shard: 0, attempt: 1, complete: true, sweep: "tiny" });
  rmSync(join(again, "points/i=2"), { recursive: true });
  const scratch = join(folder, "scratch-again");
  mkdirSync(scratch);
  const same = await openPlan(planTar, scratch, { root, commit: null });
  const { summary } = await packed(folder, same, 0, { attempt: 2, out: again });
  expect(summary).toMatchObject({ cached: 9, counts: { succeeded: 10 } });
});
