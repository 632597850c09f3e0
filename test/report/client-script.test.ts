import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bundleActions, startBytes } from "../../scripts/bundle-actions.ts";
import { clientScript } from "../../src/report/client-script.ts";

const sources = fileURLToPath(new URL("../../src", import.meta.url));
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sim-pipeline-client-"));
  for (const file of ["report/client-script.ts", "sweep/errors.ts"]) {
    cpSync(join(sources, file), join(folder, "src", file));
  }
  symlinkSync(join(sources, "../node_modules"), join(folder, "node_modules"));
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

test("in the actions' bundles it is a chunk of its own, and its licences are told", async () => {
  const entry = join(folder, "entry.ts");
  const module = JSON.stringify(join(sources, "report/client-script.ts"));
  writeFileSync(
    entry,
    `import { clientScript } from ${module}; console.log(await clientScript());`,
  );
  const bundles = join(folder, "bundles");
  const chunks = await bundleActions(bundles, { entry });
  expect(startBytes(chunks, "entry.js")).toBeLessThan(10_000);
  const { stdout } = spawnSync(process.execPath, [join(bundles, "entry.js")], { encoding: "utf8" });
  expect(stdout).toBe(`${await clientScript()}\n`);
  expect(readFileSync(join(bundles, "licenses.txt"), "utf8")).toContain("@observablehq/plot");
});
