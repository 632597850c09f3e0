import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SweepError } from "../../../src/sweep/errors.ts";
import { loadSweep } from "../../../src/sweep/load.ts";
import { folderOf, hints, load, problems } from "./harness.ts";

const input = (to: string) => `inputs: [{from: d.csv, to: ${to}}]`;
const files = { "d.csv": "x" };

describe("where an input goes", () => {
  test.for<[to: string, target: string]>([
    ["in.csv", "/mnt/input/in.csv"],
    ["a/b/", "/mnt/input/a/b"],
    ["./a//b", "/mnt/input/a/b"],
    ["/mnt/input", "/mnt/input"],
    ["/mnt/config.json", "/mnt/config.json"],
    ["/etc/app/config.json", "/etc/app/config.json"],
    ["/mnt/data2", "/mnt/data2"],
  ])("%s is %s", ([to, target]) => {
    expect(load(input(to), { files }).inputs).toEqual([{ from: "d.csv", to: target }]);
  });

  test.for<[to: string, problem: string]>([
    ["../x", "../x holds .. steps"],
    ["/mnt/input/../../etc", "/mnt/input/../../etc holds .. steps"],
    ["/", "/ would hide what the image has there"],
    ["/mnt", "/mnt would hide what the image has there"],
    ["/usr/", "/usr/ would hide what the image has there"],
    ["/etc/passwd", "/etc/passwd would hide what the image has there"],
    ["/mnt/data", "/mnt/data is where the outputs go"],
    ["/mnt/data/x", "/mnt/data/x is where the outputs go"],
    ["//mnt//data", "//mnt//data is where the outputs go"],
    ["/proc/self", "/proc/self is a folder of the system"],
    ["/run/secrets/KEY", "/run/secrets/KEY is a folder of the system"],
    ['"a\\u0000b"', "a\ufffdb holds a backslash or a control character"],
  ])("%s is refused", ([to, problem]) => {
    expect(problems(input(to), { files })).toEqual([`1:28: ${problem}`]);
  });

  test.for<[first: string, second: string, problem: string]>([
    ["a", "/mnt/input/a", "something else is placed at /mnt/input/a already"],
    ["a", "a/b", "/mnt/input/a/b and /mnt/input/a lie inside each other"],
    ["a/b", "a", "/mnt/input/a and /mnt/input/a/b lie inside each other"],
    ["/mnt/input", "b", "/mnt/input/b and /mnt/input lie inside each other"],
  ])("%s and %s get into each other's way", ([first, second, problem]) => {
    const text = `inputs: [{from: d.csv, to: ${first}}]\ntemplates: [{from: d.csv, to: ${second}}]`;
    expect(problems(text, { files })).toEqual([`2:31: ${problem}`]);
  });
});

describe("where an input comes from", () => {
  test.for(["https://example.com/a.csv", "s3://bucket/key", "gs://bucket/key"])(
    "%s passes",
    (from) => {
      expect(load(`inputs: [{from: "${from}", to: a}]`).inputs[0]?.from).toBe(from);
    },
  );

  test.for<[from: string, problem: string]>([
    ["http://example.com/a", "http:// is no address that inputs come from"],
    ["ftp://example.com/a", "ftp:// is no address that inputs come from"],
    ["https://", "https:// is no complete address"],
    ["https://u:p@example.com/a", "an address must not hold a password"],
    ["none.csv", "none.csv does not exist"],
    ["d.csv/x", "d.csv/x does not exist: a part of its path is no folder"],
    ["/etc/passwd", "/etc/passwd leads out of"],
    ["..", ".. leads out of"],
  ])("%s is refused", ([from, problem]) => {
    const [found, ...others] = problems(`inputs: [{from: "${from}", to: a}]`, { files });
    expect(found).toContain(`1:17: ${problem}`);
    expect(others).toEqual([]);
  });

  test("anywhere with allowOutside", () => {
    expect(problems("inputs: [{from: /etc/passwd, to: a}]", { allowOutside: true })).toEqual([]);
  });

  test("anywhere in the repository: the nearest parent with .git", () => {
    const folder = folderOf({ "d.csv": "x", "sims/a/x": "" });
    const file = join(folder, "sims/a/sweep.yaml");
    const inputs = "inputs: [{from: ../../d.csv, to: a}]";
    writeFileSync(file, `name: t\nimage: t\ncommand: []\nparameters: {a: 1}\n${inputs}`);
    const options = { params: [], set: [], allowOutside: false };
    expect(() => loadSweep(file, options)).toThrow(SweepError);
    mkdirSync(join(folder, ".git"));
    expect(loadSweep(file, options).inputs).toEqual([{ from: "../../d.csv", to: "/mnt/input/a" }]);
  });

  test("not through a symlink that leads out", () => {
    const folder = folderOf({ x: "" });
    symlinkSync("/etc", join(folder, "etc"));
    const file = join(folder, "sweep.yaml");
    writeFileSync(
      file,
      "name: t\nimage: t\ncommand: []\nparameters: {a: 1}\ninputs: [{from: etc/passwd, to: a}]",
    );
    expect(() => loadSweep(file, { params: [], set: [], allowOutside: false })).toThrow(
      "etc/passwd leads out of",
    );
  });
});

describe("a template file", () => {
  const text = "templates: [{from: t.json, to: /mnt/t.json}]";

  test("is parsed", () => {
    const sweep = load(text, { files: { "t.json": '{"a": {"b": {{ a }}}}' } });
    expect(sweep.templates).toMatchObject([
      {
        from: "t.json",
        to: "/mnt/t.json",
        template: { parts: ['{"a": {"b": ', { name: "a" }, "}}"] },
      },
    ]);
  });

  test.for<[content: string | Uint8Array, problem: string]>([
    ["x\n y {{ b }}", "t.json:2:4: there is no parameter b"],
    ["{{ a", "t.json:1:1: a placeholder is opened with {{ and not closed"],
    ["\r\n{{ a b }}", "t.json:2:1: {{ a b }} is no placeholder"],
    ["a\u0000", "1:20: the template t.json is no text: it holds NUL bytes"],
    [new Uint8Array([255, 254]), "1:20: the template t.json is not UTF-8 text"],
    [
      "x".repeat(1024 * 1024 + 1),
      "1:20: the template t.json has 1048577 bytes, and at most 1048576 are read",
    ],
  ])("that is wrong is told with its place: %#", ([content, problem]) => {
    expect(problems(text, { files: { "t.json": content } })).toEqual([problem]);
  });

  test("that does not exist is told where it is named", () => {
    expect(problems(text)).toEqual(["1:20: t.json does not exist"]);
    expect(hints(text)[0]).toMatch(/^relative paths begin in \//);
  });
});
