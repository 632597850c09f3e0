import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createRunFolder, makeFolder, runFolder } from "../../src/results/folder.ts";
import { temporaryFolder } from "../run/harness.ts";

describe("making folders", () => {
  test("makes those above as well, and is content with what is there", () => {
    const path = join(temporaryFolder(), "a", "b", "c");
    makeFolder(path);
    makeFolder(path);
    expect(existsSync(path)).toBe(true);
  });

  test.skipIf(process.platform !== "linux")("ends where nothing can be made (needs /proc)", () => {
    expect(() => makeFolder("/proc/nowhere/a")).toThrow(/ENOENT/);
    expect(() => createRunFolder(runFolder("/proc/nowhere"))).toThrow(/choose another with --out/);
  });

  test("a file in the way is refused with exit code 3", () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    expect(() => createRunFolder(runFolder(join(file, "run")))).toThrow(
      expect.objectContaining({ exitCode: 3, message: expect.stringContaining("--out") }),
    );
  });
});
