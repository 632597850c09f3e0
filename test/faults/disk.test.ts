import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { needing } from "../lab/lab.ts";
import { mountTmpfs } from "../lab/tmpfs.ts";
import { expectComplete, finish, workplace } from "./orchestrator.ts";

const root = process.getuid?.() === 0;

const SWEEP = {
  parameters: { i: { range: "1-40" } },
  process: ["sh", "-c"],
  command: ['echo {{ i }} > "$SIM_OUTPUT/point"; head -c 100000 /dev/zero > "$SIM_OUTPUT/zeros"'],
};

describe.skipIf(!root)(needing("root, to mount", "the disk of the run folder is full"), () => {
  test("exit 3 says so, and the same command completes the run once there is room", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sim-pipeline-disk-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const disk = join(folder, "disk");
    mkdirSync(disk);
    await using _mounted = await mountTmpfs(disk, 24_000_000);
    const place = workplace(SWEEP, disk);
    // Leaves room for about ten points and their journal.
    const filler = join(disk, "filler");
    writeFileSync(filler, Buffer.alloc(22_400_000));
    const full = await finish(place, { flags: ["--engine", "process"] });
    expect(full.code, full.stderr).toBe(3);
    expect(full.stderr).toMatch(/disk is full.*\n?.*Make room/);
    rmSync(filler);
    const { code, stderr } = await finish(place, { flags: ["--engine", "process"] });
    expect(code, stderr).toBe(0);
    expectComplete(place, 40);
  });
});
