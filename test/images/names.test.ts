import { describe, expect, test } from "vitest";
import {
  checkImage,
  checkTags,
  defaultImage,
  defaultTags,
  localName,
} from "../../src/images/names.ts";
import { parseBuildArgs } from "../../src/images/options.ts";

describe("an image's name", () => {
  test.each([
    ["ghcr.io/Org/Sim", "ghcr.io/org/sim"],
    [" 127.0.0.1:5001/a/b ", "127.0.0.1:5001/a/b"],
    ["localhost/app", "localhost/app"],
    ["[::1]:5000/app", "[::1]:5000/app"],
    ["org/a_b__c.d---e", "org/a_b__c.d---e"],
    ["busybox", "busybox"],
  ])("%s is %s", (given, name) => {
    expect(checkImage(given)).toBe(name);
  });

  test.each([
    ["ghcr.io/org/sim:latest", /tag or digest/],
    ["ghcr.io/org/sim@sha256:ab", /tag or digest/],
    ["https://ghcr.io/org/sim", /tag or digest|address|part/],
    ["ghcr.io/org//sim", /the part ""/],
    ["ghcr.io/org/si m", /the part "si m"/],
    ["ghcr.io/-org/sim", /the part "-org"/],
    ["gh_cr.io/org", /no host/],
    ["", /the part ""/],
    [`ghcr.io/${"a".repeat(250)}`, /longer than 255/],
  ])("%j: exit 2", (given, message) => {
    expect(() => checkImage(given)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }),
    );
  });
});

describe("tags", () => {
  test("are kept, each once", () => {
    expect(checkTags(["v1.2", "_x", "A-b", "v1.2"])).toEqual(["v1.2", "_x", "A-b"]);
  });

  test.each([
    ["feature/x", /more than a tag/],
    ["ghcr.io/o/a:1", /more than a tag/],
    ["-x", /not allowed/],
    [".x", /not allowed/],
    ["a b", /not allowed/],
    ["ä", /not allowed/],
    ["", /not allowed/],
    ["a".repeat(129), /not allowed/],
    [`sim-${"0".repeat(32)}`, /sets itself/],
    ["sim-cache", /sets itself/],
  ])("%j: exit 2 with what is allowed", (tag, message) => {
    expect(() => checkTags(["ok", tag])).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }),
    );
  });
});

describe("tags by default", () => {
  const sha = "0123456789abcdef0123456789abcdef01234567";
  const commit = "sha-0123456789ab";
  test.each<["branch" | "tag" | null, string, string[]]>([
    ["branch", "main", ["main", "latest", commit]],
    ["branch", "feature/Ä new", ["feature-new", commit]],
    ["branch", "-.x", ["x", commit]],
    ["branch", "7/merge", ["pr-7", commit]],
    ["tag", "v1.2.3", ["1.2.3", "1.2", "1", commit]],
    ["tag", "1.2.3", ["1.2.3", "1.2", "1", commit]],
    ["tag", "v0.2.3", ["0.2.3", "0.2", commit]],
    ["tag", "v1.2.3+build.5", ["1.2.3", "1.2", "1", commit]],
    ["tag", "v1.2.3-rc.1", ["1.2.3-rc.1", commit]],
    ["tag", "v1.2", ["v1.2", commit]],
    ["tag", "release/7", ["release-7", commit]],
    [null, "", [commit]],
  ])("%s %s", (refType, refName, tags) => {
    const found = defaultTags({ refType, refName, sha, defaultBranch: "main" });
    expect(found).toEqual(tags);
    expect(checkTags(found)).toEqual(tags);
  });

  test("a long branch is cut to what a tag may have", () => {
    const refName = "x".repeat(300);
    const found = defaultTags({ refType: "branch", refName, sha: null, defaultBranch: null });
    expect(found).toEqual(["x".repeat(128)]);
  });
});

describe("an image's name by default", () => {
  test.each([
    ["Org/Sim-Pipeline", "sims/monte-carlo-pi", "ghcr.io/org/sim-pipeline/monte-carlo-pi"],
    ["org/repo", "", "ghcr.io/org/repo"],
    ["org/repo", ".", "ghcr.io/org/repo"],
    ["org/.github", "my sim!", "ghcr.io/org/github/my-sim"],
    ["org/a--b__c", "_", "ghcr.io/org/a-b-c/x"],
  ])("of %s, folder %j: %s", (repository, folder, name) => {
    expect(defaultImage(repository, folder)).toBe(name);
  });

  test("of a folder that goes nowhere", () => {
    expect(localName("My Walk")).toBe("sim-pipeline/my-walk");
  });
});

describe("build arguments", () => {
  test("are NAME=value, also an empty one", () => {
    expect([...parseBuildArgs(["A=1=2", "B="])]).toEqual([
      ["A", "1=2"],
      ["B", ""],
    ]);
  });

  test.each([[["A"]], [["1A=x"]], [["=x"]], [["A=1", "A=2"]]])("%j: exit 2", (given) => {
    expect(() => parseBuildArgs(given)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
