import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { sweepPath } from "../../src/cli/sweep-path.ts";
import { temporaryFolder } from "../run/harness.ts";

let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
  mkdirSync(join(folder, "walk"));
  writeFileSync(join(folder, "walk/sweep.yaml"), "");
  writeFileSync(join(folder, "walk/other.yml"), "");
});

it.each([
  ["a file as it is", "walk/other.yml", "walk/other.yml"],
  ["a folder's own", "walk", "walk/sweep.yaml"],
])("is %s", (_, argument, expected) => {
  expect(sweepPath(join(folder, argument))).toBe(join(folder, expected));
});

it.each([
  ["near another file", "walk/swep.yaml", "Did you mean FOLDER/walk/sweep.yaml?"],
  ["near another folder", "wlak", "Did you mean FOLDER/walk?"],
  ["near none", "heat-flow.yaml", "Name a sweep file"],
  ["in no folder", "nowhere/sweep.yaml", "Name a sweep file"],
  ["below a file", "walk/sweep.yaml/x", "Name a sweep file"],
])("that is not there says so, %s", (_, argument, remedy) => {
  const path = join(folder, argument);
  expect(() => sweepPath(path)).toThrow(
    `${path}: the sweep file does not exist\n${remedy.replace("FOLDER", folder)}`,
  );
});

it("is none in a folder without a sweep", () => {
  expect(() => sweepPath(folder)).toThrow(`No sweep.yaml in ${folder}.`);
});
