import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type RunOptions, runSweep, sweepFromObject } from "../src/index.ts";
import { temporaryFolder } from "./run/harness.ts";

describe("runSweep refuses before anything starts", () => {
  const cases: { title: string; options: (folder: string) => Partial<RunOptions>; says: RegExp }[] =
    [
      { title: "no workers", options: () => ({ workers: 0 }), says: /workers: 0/ },
      { title: "half a worker", options: () => ({ workers: 0.5 }), says: /workers: 0.5/ },
      {
        title: "the program's own folder as run folder, which would hide changes of the program",
        options: (folder) => ({ out: join(folder, ".") }),
        says: /own folder[\s\S]*--out/,
      },
    ];
  test.each(cases)("$title", async ({ options, says }) => {
    const folder = temporaryFolder();
    const sweep = sweepFromObject(
      { name: "t", process: ["true"], parameters: { i: [1] }, command: [] },
      folder,
    );
    const run = runSweep({
      sweep,
      out: join(folder, "out"),
      engine: "process",
      ...options(folder),
    });
    await expect(run).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(says),
    });
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
  });
});
