import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const sims = join(import.meta.dirname, "../../../sims");

// It starts some thirty processes: more than the usual time on a busy machine.
test("the simulation's own tests pass, as its image's test stage runs them", {
  timeout: 120_000,
}, () => {
  const report = execFileSync(process.execPath, ["--test", "--test-reporter=tap"], {
    cwd: join(sims, "raytracer"),
    encoding: "utf8",
    env: {},
  });
  expect(report).toMatch(/^# tests [1-9]/m);
  expect(report).toMatch(/^# fail 0$/m);
});

// An image's build cannot reach out of its folder, so both have a copy; only one has the tests.
test.each(["main.ts", "protocol.ts", "random.ts"])(
  "%s is the same file as in monte-carlo-pi",
  (file) => {
    const read = (simulation: string) => readFileSync(join(sims, simulation, file), "utf8");
    expect(read("raytracer")).toBe(read("monte-carlo-pi"));
  },
);
