import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fitSweep } from "../../../src/engines/process/fit.ts";
import { ReportedError } from "../../../src/sweep/errors.ts";
import type { Sweep, Template } from "../../../src/sweep/sweep.ts";
import { testSweep } from "../fixtures.ts";

const folder = mkdtempSync(join(tmpdir(), "sim-fit-"));
const bin = join(folder, "bin");

beforeAll(() => {
  mkdirSync(bin);
  for (const name of ["bin/tool", "run.sh", "plain"]) writeFileSync(join(folder, name), "");
  for (const name of ["bin/tool", "run.sh"]) chmodSync(join(folder, name), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

function text(source: string): Template {
  return { source, parts: [source] };
}

function words(changes: Partial<Sweep>): readonly string[] {
  const sweep = testSweep({ process: ["tool"], folder, ...changes });
  return fitSweep(sweep, { PATH: `/no/such/folder:${bin}` });
}

function refusal(changes: Partial<Sweep>): string {
  try {
    words(changes);
  } catch (error) {
    if (!(error instanceof ReportedError)) throw error;
    expect(error.exitCode).toBe(2);
    return error.message;
  }
  throw new Error("it was not refused");
}

describe("the program", () => {
  test.each<[string, string[], readonly string[]]>([
    ["on PATH is left to the shell", ["tool", "-x"], ["tool", "-x"]],
    ["beside the sweep", ["./run.sh"], ["./run.sh"]],
    ["node is our own", ["node", "main.ts"], [process.execPath, "main.ts"]],
    ["node as an argument is a word", ["tool", "node"], ["tool", "node"]],
  ])("%s", (_title, process, expected) => {
    expect(words({ process })).toEqual(expected);
  });

  test.each<[string, string[] | null, RegExp]>([
    ["missing on PATH", ["octave"], /no program octave on PATH \(.*bin\).*--engine docker/s],
    ["missing beside the sweep", ["./no.sh"], /no program \.\/no\.sh in .*sim-fit/],
    ["not executable", ["./plain"], /no program \.\/plain/],
    ["a folder", ["./bin"], /no program \.\/bin/],
    ["that the sweep does not name", null, /add its words, as `process: \[.*--engine docker/],
    ["without a word", [], /add its words/],
  ])("%s is refused", (_title, process, message) => {
    expect(refusal({ process })).toMatch(message);
  });
});

describe("a container's folders, written out, are refused with what to write instead", () => {
  test.each<[string, Partial<Sweep>, string]>([
    [
      "in the command",
      { command: [text("--out=/mnt/data/x.png")] },
      'command: write "{{ output }}" instead of "/mnt/data"',
    ],
    [
      "in a variable",
      { env: { OUT: text("/mnt/data") } },
      'env.OUT: write "{{ output }}" instead of "/mnt/data"',
    ],
    [
      "of inputs",
      { command: [text("/mnt/input/in.csv")] },
      'command: write "{{ input }}" instead of "/mnt/input"',
    ],
    [
      "in a template",
      {
        templates: [{ from: "c.tmpl", to: "/mnt/input/c", template: text('{"out": "/mnt/data"}') }],
      },
      'template c.tmpl: write "{{ output }}" instead of "/mnt/data"',
    ],
    [
      "in the process words",
      { process: ["tool", "/mnt/data"] },
      "process: let the program read $SIM_OUTPUT",
    ],
    [
      "as the place of an input",
      { inputs: [{ from: "in.csv", to: "/mnt/in.csv" }] },
      'in.csv: give a relative path for "to" instead of /mnt/in.csv',
    ],
    [
      "as the place of a template",
      { templates: [{ from: "c.tmpl", to: "/etc/c", template: text("") }] },
      'c.tmpl: give a relative path for "to" instead of /etc/c',
    ],
  ])("%s", (_title, changes, message) => {
    expect(refusal(changes)).toContain(message);
  });

  test("all at once", () => {
    const message = refusal({ command: [text("/mnt/data")], env: { A: text("/mnt/input") } });
    expect(message).toContain("command:");
    expect(message).toContain("env.A:");
  });

  test.each<[string, Partial<Sweep>]>([
    [
      "placeholders",
      {
        command: [
          { source: "{{ output }}/x", parts: [{ kind: "folder", folder: "output" }, "/x"] },
        ],
      },
    ],
    ["an input below /mnt/input", { inputs: [{ from: "in.csv", to: "/mnt/input/a/in.csv" }] }],
    ["a path that only begins alike", { command: [text("/mnt/database"), text("/mnt/data-2")] }],
  ])("but not %s", (_title, changes) => {
    expect(words(changes)).toEqual(["tool"]);
  });
});
