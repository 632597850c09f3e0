import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { pointsOf, temporaryFolder } from "../run/harness.ts";
import { packed, planned, SWEEP } from "../run/shards/fixture.ts";

const MAIN = fileURLToPath(new URL("../../bin/sim-pipeline.js", import.meta.url));

function cli(cwd: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** The plan and its shards as `gh run download` leaves them, with the results of another run. */
async function downloaded(shards: readonly number[]) {
  const folder = temporaryFolder();
  const { plan, tar, root } = await planned(folder, SWEEP);
  const parts = join(folder, "parts");
  const put = (name: string, file: string, from: string) => {
    mkdirSync(join(parts, name), { recursive: true });
    spawnSync("cp", ["-r", from, join(parts, name, file)]);
  };
  put("tiny-plan", "plan.tar", tar);
  for (const shard of shards) {
    const { tar: made, run } = await packed(folder, plan, shard);
    put(`tiny-${shard}-1`, "shard.tar", made);
    if (shard === 0) put("tiny-results", "", `${run}/.`);
  }
  return { folder, root, parts };
}

test("a download of all artifacts becomes one run folder", async () => {
  const { root, parts } = await downloaded([0, 1, 2]);
  const out = join(parts, "../all");
  const { status, stdout, stderr } = cli(root, "collect", parts, "--out", out, "--json");
  expect(stderr).toContain("All 10 points succeeded");
  expect(stderr).toMatch(/tiny-results left out: it holds results already/);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ counts: { succeeded: 10 }, missing: [] });
  expect(pointsOf(out)).toHaveLength(10);
  expect(cli(root, "status", out).stdout).toContain("10");
  expect(cli(root, "logs", out, "i=4").stdout).toContain("log 4");
  // Another collect into the same folder would mix two.
  expect(cli(root, "collect", parts, "--out", out)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("is not empty"),
  });
});

test("missing points are named with their shard, and the exit code is 1", async () => {
  const { root, parts } = await downloaded([0, 2]);
  const { status, stderr } = cli(root, "collect", parts, "--out", join(parts, "../all"));
  expect(stderr).toContain("shard 1: 3 points missing (no artifact): i=3, i=4, i=5");
  expect(stderr).toContain("run the failed jobs of the workflow again");
  expect(status).toBe(1);
});

test.each<[title: string, args: (folder: string) => string[], says: RegExp]>([
  ["no plan", (folder) => [folder], /No plan among[\s\S]*<sweep>-plan/],
  ["a path that is not there", () => ["none.tar"], /none.tar is not there/],
  ["a tar that is neither", (folder) => [join(folder, "x.tar")], /neither the tar of a plan/],
])("%s is exit code 2", (_title, args, says) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "x.tar"), "no tar");
  const { status, stderr } = cli(folder, "collect", ...args(folder), "--out", "all");
  expect(stderr).toMatch(says);
  expect(status).toBe(2);
});
