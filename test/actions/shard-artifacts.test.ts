import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  shardArtifactName,
  shardArtifacts,
  shardOf,
  uploadsOf,
} from "../../src/actions/shard-artifacts.ts";

/** Artifacts in the order in which they were made. */
const artifacts = (...names: string[]) => names.map((name, i) => ({ name, id: i + 1 }));

describe("the artifacts of a sweep's shards", () => {
  it("are found by the names that shards give, the latest first", () => {
    const found = shardArtifacts(
      artifacts("s-0-1", "s-1-1", "s-1-2", "s-1-1-2", "s-1-2-2", "s-12-3"),
      "s",
    );
    expect(
      [...found].map(([shard, all]) => [shard, all.map(({ artifact }) => artifact.name)]),
    ).toEqual([
      [0, ["s-0-1"]],
      [1, ["s-1-2-2", "s-1-2", "s-1-1-2", "s-1-1"]],
      [12, ["s-12-3"]],
    ]);
  });

  it("of one name, which a re-run may take again, are told apart by their age", () => {
    const found = shardArtifacts(artifacts("s-0-1", "s-0-1-2", "s-0-1"), "s").get(0);
    expect(found?.map(({ artifact }) => artifact.id)).toEqual([3, 2, 1]);
  });

  it.each([
    ["the plan", "s-plan"],
    ["the results", "s-results"],
    ["another sweep whose name begins alike", "s-two-0-1"],
    ["something with one number", "s-1"],
    ["something with four", "s-1-1-1-1"],
    ["something else", "logs"],
  ])("are not %s", (_what, name) => {
    expect(shardArtifacts(artifacts(name), "s").size).toBe(0);
  });

  it("have names that are read back", () => {
    const name = shardArtifactName("my-2-sweep", 7, 3);
    const [found] = shardArtifacts(artifacts(name), "my-2-sweep").get(7) ?? [];
    expect(found).toMatchObject({ shard: 7, attempt: 3 });
  });
});

describe("the uploads under a name", () => {
  it("are those with that name and with a number behind it, the latest first", () => {
    const all = artifacts("r", "r-2", "r-results", "r-2-1", "other", "r");
    expect(uploadsOf(all, "r").map(({ id }) => id)).toEqual([6, 2, 1]);
  });
});

describe("what a tar says of itself", () => {
  it("is null for a tar that is no shard's", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sim-pipeline-shard-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "shard.tar"), "not a tar");
    expect(await shardOf(join(folder, "shard.tar"))).toBeNull();
  });
});
