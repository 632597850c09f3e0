import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clientScript } from "../../src/report/client-script.ts";

const sources = fileURLToPath(new URL("../../src", import.meta.url));
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sim-pipeline-client-"));
  for (const file of ["report/client-script.ts", "sweep/errors.ts"]) {
    cpSync(join(sources, file), join(folder, "src", file));
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function ask() {
  const program = `import { clientScript } from "./src/report/client-script.ts";
    await clientScript().then(console.log, ({ exitCode, message }) => console.log(exitCode, message));`;
  writeFileSync(join(folder, "ask.ts"), program);
  return spawnSync(process.execPath, ["ask.ts"], { cwd: folder, encoding: "utf8" }).stdout;
}

test("in a checkout it is bundled, with the licences of what is in it", async () => {
  const script = await clientScript();
  expect(script).toMatch(/^\/\*\n@observablehq\/plot .*\(ISC\)\n\nCopyright/);
  expect(script).toContain("d3-scale");
  expect(script).not.toMatch(/["'`]node:|\brequire\(/);
});

test("in the package it lies beside the module", () => {
  writeFileSync(join(folder, "src/report/client.js"), "the script");
  expect(ask()).toBe("the script\n");
});

test("an installation without it says so", () => {
  expect(ask()).toMatch(
    /^3 The report's script is not in this installation: .*client\.js\.\nInstall/,
  );
});

test("a checkout that cannot bundle it says why", () => {
  mkdirSync(join(folder, "scripts"));
  writeFileSync(join(folder, "scripts/bundle-report.ts"), 'import "rolldown-is-not-here";');
  expect(ask()).toMatch(
    /^3 Cannot bundle the report's script: [\s\S]*Install what it is made of: npm ci/,
  );
});
