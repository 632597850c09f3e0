// Run by `node --test`, here and in the Dockerfile's stage `test`, before an image is published.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const folder = mkdtempSync(join(tmpdir(), "walk-"));
after(() => rmSync(folder, { recursive: true }));

function simulate(...flags: string[]) {
  return spawnSync(process.execPath, [join(import.meta.dirname, "simulate.mts"), ...flags], {
    encoding: "utf8",
    env: { SIM_OUTPUT: folder },
  });
}

test("a walk has a row for each step, and is the same for the same seed", () => {
  const walks = [1, 2].map(() => {
    assert.equal(simulate("--steps", "10", "--seed", "1").status, 0);
    return readFileSync(join(folder, "walk.csv"), "utf8");
  });
  assert.equal(walks[0]?.trim().split("\n").length, 11);
  assert.equal(walks[0], walks[1]);
});

test("a wrong number of steps fails and says what is expected", () => {
  const { status, stderr } = simulate("--steps", "none", "--seed", "1");
  assert.equal(status, 1);
  assert.match(stderr, /--steps: expected a number from 1/);
});
