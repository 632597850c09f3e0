import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const folder = join(import.meta.dirname, "../../../sims/monte-carlo-pi");

// It starts some thirty processes: more than the usual time on a busy machine.
test("the simulation's own tests pass, as its image's test stage runs them", {
  timeout: 120_000,
}, () => {
  const report = execFileSync(process.execPath, ["--test", "--test-reporter=tap"], {
    cwd: folder,
    encoding: "utf8",
    env: {},
  });
  expect(report).toMatch(/^# tests [1-9]/m);
  expect(report).toMatch(/^# fail 0$/m);
});
