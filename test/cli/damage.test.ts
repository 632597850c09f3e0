import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runFake, temporaryFolder } from "../run/harness.ts";

const BIN = fileURLToPath(new URL("../../bin/sim-pipeline.js", import.meta.url));

describe("a damaged run.db is refused with 3 and what to do", () => {
  test.each([["status"], ["logs"]])("by %s", async (command) => {
    const out = temporaryFolder();
    await runFake(out, { parameters: { seed: { range: "1-100" } } });
    const path = join(out, "run.db");
    writeFileSync(path, readFileSync(path).fill(7, 4096));
    const args = command === "logs" ? [command, out, "seed=5"] : [command, out];
    const { status, stderr } = spawnSync(process.execPath, [BIN, ...args], { encoding: "utf8" });
    expect(stderr).toMatch(/damaged[\s\S]*--out/);
    expect(status).toBe(3);
  });
});
