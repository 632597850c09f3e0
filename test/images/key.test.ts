import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hashContext } from "../../src/images/context.ts";
import { contentTag, type ImageInputs } from "../../src/images/key.ts";

describe("a context's hash", () => {
  let context: string;
  const hash = async () => await hashContext(context, new AbortController().signal);

  beforeEach(() => {
    context = mkdtempSync(join(tmpdir(), "sim-context-"));
    mkdirSync(join(context, "sub"));
    writeFileSync(join(context, "Dockerfile"), "FROM scratch\n");
    writeFileSync(join(context, "a"), "one", { mode: 0o644 });
    writeFileSync(join(context, ".dockerignore"), "*.log\nout\n!keep.log\n");
    symlinkSync("a", join(context, "link"));
  });
  afterEach(() => rmSync(context, { recursive: true }));

  test("is the same again, whatever the dates", async () => {
    const before = await hash();
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    utimesSync(join(context, "a"), new Date(0), new Date(0));
    utimesSync(join(context, "sub"), new Date(0), new Date(0));
    expect(await hash()).toBe(before);
  });

  test("does not see what .dockerignore names", async () => {
    const before = await hash();
    writeFileSync(join(context, "x.log"), "");
    mkdirSync(join(context, "out"));
    writeFileSync(join(context, "out", "y"), "");
    expect(await hash()).toBe(before);
  });

  test.each<[string, () => void]>([
    ["a content", () => writeFileSync(join(context, "a"), "two")],
    [
      "the Dockerfile, though it were ignored",
      () => {
        writeFileSync(join(context, "Dockerfile"), "FROM scratch\n\n");
      },
    ],
    ["a permission", () => chmodSync(join(context, "a"), 0o755)],
    ["a name", () => writeFileSync(join(context, "b"), "")],
    ["an empty folder", () => mkdirSync(join(context, "sub", "empty"))],
    ["what is taken in again", () => writeFileSync(join(context, "keep.log"), "")],
    [
      "where a link leads",
      () => {
        unlinkSync(join(context, "link"));
        symlinkSync("sub", join(context, "link"));
      },
    ],
  ])("depends on %s", async (_, change) => {
    const before = await hash();
    change();
    expect(await hash()).not.toBe(before);
  });

  test("goes by Dockerfile.dockerignore alone, where there is one", async () => {
    writeFileSync(join(context, "Dockerfile.dockerignore"), "a\n");
    const before = await hash();
    writeFileSync(join(context, "a"), "two");
    expect(await hash()).toBe(before);
    writeFileSync(join(context, "x.log"), "");
    expect(await hash()).not.toBe(before);
  });

  test("is of the folder that a link as the context leads to", async () => {
    const link = `${context}-link`;
    symlinkSync(context, link);
    try {
      expect(await hashContext(link, new AbortController().signal)).toBe(await hash());
    } finally {
      unlinkSync(link);
    }
  });

  test("an abort ends it", async () => {
    const gone = AbortSignal.abort(new Error("stopped by the test"));
    await expect(hashContext(context, gone)).rejects.toThrow();
  });

  test("a folder that is not there is no empty one", async () => {
    await expect(
      hashContext(join(context, "nowhere"), new AbortController().signal),
    ).rejects.toThrow(/ENOENT/);
  });
});

describe("the tag of a content", () => {
  const inputs: ImageInputs = {
    context: "ab",
    bases: new Map([
      ["a", "sha256:1"],
      ["b", "sha256:2"],
    ]),
    buildArgs: new Map([
      ["A", "1"],
      ["B", "2"],
    ]),
    secretNames: ["X", "Y"],
    platforms: ["linux/amd64", "linux/arm64"],
    testTarget: "test",
    test: "npm test",
    lint: null,
    labels: new Map([["l", "1"]]),
  };

  test("is one that no version of ours may change without a rebuild of all images", () => {
    expect(contentTag(inputs)).toBe("sim-9fb731d07a5869d68c403455bd169a2c");
  });

  test("does not depend on the order of what has none", () => {
    const turned: ImageInputs = {
      ...inputs,
      bases: new Map([...inputs.bases].reverse()),
      buildArgs: new Map([...inputs.buildArgs].reverse()),
      secretNames: ["Y", "X"],
      platforms: ["linux/arm64", "linux/amd64"],
    };
    expect(contentTag(turned)).toBe(contentTag(inputs));
  });

  test.each<[string, Partial<ImageInputs>]>([
    ["the context", { context: "ac" }],
    [
      "a base's digest",
      {
        bases: new Map([
          ["a", "sha256:1"],
          ["b", "sha256:3"],
        ]),
      },
    ],
    [
      "a build argument",
      {
        buildArgs: new Map([
          ["A", "1"],
          ["B", "3"],
        ]),
      },
    ],
    ["the names of secrets", { secretNames: ["X"] }],
    ["the platforms", { platforms: [] }],
    ["the test target", { testTarget: null }],
    ["the test command", { test: "npm t" }],
    ["which command it is", { test: null, lint: "npm test" }],
    ["the lasting labels", { labels: new Map() }],
  ])("depends on %s", (_, change) => {
    expect(contentTag({ ...inputs, ...change })).not.toBe(contentTag(inputs));
  });
});
