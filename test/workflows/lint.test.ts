import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { needing } from "../lab/lab.ts";

const script = join(import.meta.dirname, "../../scripts/lint-workflows.js");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sim-pipeline-lint-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function lint(env: NodeJS.ProcessEnv) {
  return spawnSync(process.execPath, [script], { encoding: "utf8", env });
}

/** A tool that writes down what it is asked and ends with a code. */
function tool(name: string, code: number): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\necho "$PWD $*" >> '${path}.log'\nexit ${code}\n`);
  chmodSync(path, 0o755);
  return path;
}

const tools = ["SIM_LAB_ACTIONLINT", "SIM_LAB_ZIZMOR"];

describe.skipIf(tools.some((name) => !process.env[name]))(
  needing("actionlint and zizmor", "the workflows, the actions and the templates"),
  () => {
    it("pass both linters", { timeout: 60_000 }, () => {
      const { status, stdout, stderr } = lint({ ...process.env, CI: "true" });
      expect(stdout + stderr).toContain("No findings to report");
      expect(status, stdout + stderr).toBe(0);
    });
  },
);

describe("lint-workflows", () => {
  it("gives both tools the workflows, the actions and the templates as a repository has them", () => {
    const env = { SIM_LAB_ACTIONLINT: tool("first", 0), SIM_LAB_ZIZMOR: tool("second", 0) };
    expect(lint(env).status).toBe(0);
    const asked = (name: string) => readFileSync(join(folder, `${name}.log`), "utf8").split("\n");
    expect(asked("first")[0]).toContain("/.github/workflows/ci.yml");
    expect(asked("first")[1]).toMatch(/\.github\/workflows\/sweep-my-sweep\.yml/);
    expect(asked("second")[0]).toMatch(/ \.github action\.yml build\/action\.yml /);
    expect(asked("second")[1]).toMatch(/\.github\/workflows\/build-my-sweep\.yml/);
  });

  it.each([
    ["first", 1, 0],
    ["second", 0, 14],
  ])("fails when the %s tool finds something", (_, first, second) => {
    const env = {
      SIM_LAB_ACTIONLINT: tool("first", first),
      SIM_LAB_ZIZMOR: tool("second", second),
    };
    expect(lint(env).status).toBe(1);
  });

  it.each([
    ["a note", {}, 0],
    ["exit code 2 in CI", { CI: "true" }, 2],
  ])("a missing tool is %s", (_, env, code) => {
    const { status, stderr } = lint({ ...env, PATH: folder, SIM_LAB_ZIZMOR: tool("zizmor", 0) });
    expect(status).toBe(code);
    expect(stderr).toContain("actionlint does not check the workflows");
    expect(stderr).toContain("https://github.com/rhysd/actionlint");
  });
});
