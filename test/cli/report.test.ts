import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, test } from "vitest";
import { opener } from "../../src/cli/report.ts";
import { makeReportRun, training } from "../report/report-run.ts";

const MAIN = fileURLToPath(new URL("../../bin/sim-pipeline.js", import.meta.url));

function cli(cwd: string, args: readonly string[], path = process.env.PATH) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, "report", ...args], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, PATH: path },
  });
  return { status, stdout, stderr };
}

test("report writes the page of a run and names it, and a comparison of two", () => {
  using run = makeReportRun({ points: training(2), folder: "runs/one" });
  const parent = join(run.root, "../..");
  using _other = makeReportRun({ points: training(3), parent, folder: "runs/two" });
  expect(cli(parent, ["runs/one"])).toEqual({
    status: 0,
    stdout: "runs/one/report.html\n",
    stderr: "",
  });
  expect(readFileSync(join(parent, "runs/one/report.html"), "utf8")).toContain("<!doctype html>");
  const compared = cli(parent, ["runs/one", "runs/two"]);
  expect(compared).toEqual({ status: 0, stdout: "runs/two/compare.html\n", stderr: "" });
  expect(existsSync(join(parent, "runs/two/compare.html"))).toBe(true);
});

test("--open gives the page to the system's program, and says where there is none", () => {
  using run = makeReportRun({ points: training(1) });
  const opened = join(run.root, "opened");
  const program = join(run.root, "xdg-open");
  writeFileSync(
    program,
    `#!/bin/sh\necho "$1" >"${opened}.new" && mv "${opened}.new" "${opened}"\n`,
  );
  chmodSync(program, 0o755);
  // Not the real one: the folder stands first on PATH.
  const path = `${run.root}:${process.env.PATH}`;
  expect(cli(run.root, [".", "--open"], path)).toMatchObject({
    status: 0,
    stderr: "Opened report.html\n",
  });
  rmSync(program);
  const without = cli(run.root, [".", "--open"], run.root);
  expect(without.status).toBe(3);
  expect(without.stderr).toContain("xdg-open");
  expect(without.stderr).toContain(`Open it yourself: ${join(run.root, "report.html")}`);
});

it.each([
  ["linux", "xdg-open"],
  ["darwin", "open"],
  ["win32", "explorer.exe"],
] as const)("on %s a page is opened by %s", (platform, program) => {
  expect(opener(platform, "/a b.html")).toEqual([program, "/a b.html"]);
});

test("a folder without a run is wrong use", () => {
  using run = makeReportRun({ points: [] });
  const { status, stderr } = cli(run.root, ["elsewhere"]);
  expect([status, stderr]).toEqual([2, expect.stringContaining("No run in")]);
});
