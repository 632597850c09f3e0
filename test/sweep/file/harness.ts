import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { SweepError } from "../../../src/sweep/errors.ts";
import { type LoadOptions, loadSweep } from "../../../src/sweep/load.ts";
import type { Sweep } from "../../../src/sweep/sweep.ts";

/** Appended where a test's text does not have the key, so that its own lines come first. */
const BASE: Readonly<Record<string, string>> = {
  name: "name: test",
  image: "image: test",
  parameters: "parameters: {a: [1, 2]}",
  command: "command: []",
};

export interface Given extends Partial<LoadOptions> {
  /** Files beside the sweep file, by relative path. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** The text is the whole file. */
  readonly whole?: boolean;
}

/** A new folder with these files, gone after the test. */
export function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), "sim-pipeline-sweep-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Loads a sweep of this text, completed by a name, an image, a parameter and a command. */
export function load(text: string, given: Given = {}): Sweep {
  const missing = Object.entries(BASE).filter(([key]) => !new RegExp(`^${key}:`, "m").test(text));
  const lines = given.whole === true ? [text] : [text, ...missing.map(([, line]) => line)];
  const folder = folderOf({ ...given.files, "sweep.yaml": lines.join("\n") });
  const { params = [], set = [], allowOutside = false } = given;
  return loadSweep(join(folder, "sweep.yaml"), { params, set, allowOutside });
}

/** What is wrong with it: `line:column: message`, behind a file's or flag's name if another. */
export function problems(text: string, given: Given = {}): string[] {
  try {
    load(text, given);
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    return error.diagnostics.map(({ file, line, column, message }) => {
      const name = file.split("/").at(-1) ?? "";
      const where = name === "sweep.yaml" ? "" : `${name}:`;
      return `${where}${line}:${column}: ${message}`;
    });
  }
  return [];
}

/** The hints of what is wrong. */
export function hints(text: string, given: Given = {}): (string | null)[] {
  try {
    load(text, given);
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    return error.diagnostics.map(({ hint }) => hint);
  }
  return [];
}

/** The plan's warnings as `line:column: message`. */
export function warnings(text: string, given: Given = {}): string[] {
  return load(text, given).warnings.map((warning) => {
    const [first = ""] = warning.split("\n");
    return first.replace(/^.*sweep\.yaml:/, "").replace(/^.*\//, "");
  });
}

/** All points' parameters. */
export function points(text: string, given: Given = {}): unknown[] {
  return Array.from(load(text, given).space.points(), ({ parameters }) => ({ ...parameters }));
}
