import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveInside } from "../../../src/sweep/file/files.ts";

describe("a file that the sweep names", () => {
  let root = "";
  let folder = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "inside-"));
    folder = join(root, "repository");
    mkdirSync(join(folder, ".git"), { recursive: true });
    mkdirSync(join(folder, "x/y/outside"), { recursive: true });
    mkdirSync(join(root, "outside"));
    writeFileSync(join(root, "outside/file"), "secret");
    writeFileSync(join(folder, "x/y/outside/file"), "harmless");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it("may lie anywhere in the repository", () => {
    expect(
      resolveInside("y/outside/file", {
        folder: join(folder, "x"),
        root: null,
        allowOutside: false,
      }),
    ).toBe(join(folder, "x/y/outside/file"));
    expect(() =>
      resolveInside("../x", { folder: join(folder, "x"), root: null, allowOutside: false }),
    ).not.toThrow();
  });

  it.each([
    ["directly", "../outside/file"],
    ["through a link", "link"],
    ["through a link behind a link, whose text stays inside", "tricky"],
  ])("may not lead out %s, unless that is allowed", (_, from) => {
    symlinkSync("../outside/file", join(folder, "link"));
    symlinkSync("../..", join(folder, "x/y/up"));
    symlinkSync("x/y/up/../outside/file", join(folder, "tricky"));
    expect(() => resolveInside(from, { folder, root: null, allowOutside: false })).toThrow(
      "leads out of",
    );
    expect(resolveInside(from, { folder, root: null, allowOutside: true })).toContain(root);
  });
});
