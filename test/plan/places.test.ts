import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makePlan } from "../../src/plan/plan.ts";
import { loadSweep, secretsFrom } from "../../src/sweep/load.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sim-pipeline-places-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const HEAD = "name: t\nimage: x\ncommand: []\n";

it.each([
  [
    "a name of two points",
    'parameters: {a: [1], b: [2, 3]}\npoint-name: "p{{ a }}"\n',
    [],
    ':5:13: point-name gives two points the name "p1": point 0 {"a":1,"b":2} and point 1 {"a":1,"b":3}\n' +
      '  5 | point-name: "p{{ a }}"\n    |             ^\n  put every parameter',
  ],
  [
    "an unsafe name",
    'parameters: {a: [1]}\npoint-name: "x/{{ a }}"\n',
    [],
    ':5:13: point-name names point 0 {"a":1} "x/1", which contains "/"',
  ],
  [
    "too many points",
    "parameters: {a: {range: 1-1000}, b: {range: 1-1001}}\n",
    [],
    ":4:13: the sweep has 1,001,000 points, more than 1,000,000",
  ],
  [
    "a secret that is not set",
    "parameters: {a: [1]}\nsecrets: [NOT_SET]\n",
    [],
    ":5:10: the secret NOT_SET is not set in the environment",
  ],
  [
    "a name that a flag gave",
    "parameters: {a: [1, 2]}\n",
    ["point-name=x"],
    "--set:1:12: point-name gives two points",
  ],
])("%s is told with its place", (_what, text, set, message) => {
  const file = join(folder, "sweep.yaml");
  writeFileSync(file, HEAD + text);
  const sweep = loadSweep(file, { params: [], set, allowOutside: false });
  const start = () => {
    secretsFrom(sweep, {});
    makePlan(sweep, { confirmed: false });
  };
  expect(start).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining(message) }),
  );
});
