import { describe, expect, test } from "vitest";
import { load, points, problems } from "./harness.ts";

const TEXT = "parameters: {a: [1, 2], b: [x]}";

describe("--param replaces a parameter's values, in its place", () => {
  test.for<[param: string, values: unknown[]]>([
    ["a=1-5", [1, 2, 3, 4, 5]],
    ["a=1-9:4,20", [1, 5, 9, 20]],
    ["a=7", [7]],
    ["a=0.1,0.2", [0.1, 0.2]],
    ["a=x", ["x"]],
    ["a=x, y ,z", ["x", "y", "z"]],
    ['a="1-5"', ["1-5"]],
    ["a='1','2'", ["1", "2"]],
    ["a=true,1.5,text", [true, 1.5, "text"]],
    ["a=[3, 4]", [3, 4]],
    ["a={linspace: [0, 1, 3]}", [0, 0.5, 1]],
    ["a={range: 1-3}", [1, 2, 3]],
    ["a=x=y", ["x=y"]],
    ["a=x # y", ["x"]],
  ])("%s", ([param, values]) => {
    expect(points(TEXT, { params: [param] })).toEqual(values.map((a) => ({ a, b: "x" })));
  });
});

test("--param adds a parameter behind the others", () => {
  expect(points(TEXT, { params: ["c=1-2"] })).toEqual([
    { a: 1, b: "x", c: 1 },
    { a: 1, b: "x", c: 2 },
    { a: 2, b: "x", c: 1 },
    { a: 2, b: "x", c: 2 },
  ]);
});

test.each([
  ["rat=0.3", [/^--param rat: .* did you mean rate\?$/]],
  ["rate=0.3", []],
  ["temperature=3", []],
])("--param %s that may be mistyped is warned of", (param, warnings) => {
  const sweep = load("parameters: {rate: [0.1]}\ncommand: []", { params: [param] });
  expect(sweep.warnings).toEqual(warnings.map((text) => expect.stringMatching(text)));
});

test("--param makes parameters where the file has none", () => {
  const given = { whole: true, params: ["a=1-3"] };
  expect(load("name: t\nimage: t\ncommand: []", given).space.count).toBe(3);
});

test("the last override counts", () => {
  const given = { params: ["a=1", "a=2"], set: ["timeout=1s", "timeout=2s"] };
  const sweep = load(TEXT, given);
  expect(sweep.timeout).toBe(2000);
  expect(points(TEXT, given)).toEqual([{ a: 2, b: "x" }]);
});

test("--set sets any key, and makes the mappings on its way", () => {
  const sweep = load("retries: {max: 1}\nfinish: [{video: {frames: a.png, by: a}}]", {
    set: [
      "timeout=5m",
      "resources.cpus=2",
      "retries.on=[oom]",
      "isolation.batch=5",
      "env.VERSION=3.10",
      "finish.0.video.fps=30",
      "command=run '{{ output }} x'",
      "outputs=['*.png']",
    ],
  });
  expect(sweep).toMatchObject({
    timeout: 300_000,
    resources: { cpus: 2 },
    retries: { max: 1, on: ["oom"] },
    isolation: { kind: "batch", size: 5 },
    env: { VERSION: { source: "3.10" } },
    finish: [{ fps: 30 }],
    outputs: [{ source: "*.png" }],
  });
});

describe("a wrong override is told with its place in the flag", () => {
  test.for<[given: { params?: string[]; set?: string[] }, expected: string]>([
    [{ params: ["a"] }, '--param:1:1: expected name=value, got "a"'],
    [{ params: ["=1"] }, '--param:1:1: expected name=value, got "=1"'],
    [{ params: ["a="] }, "--param:1:3: there is no value behind the ="],
    [{ params: ["a=5-1"] }, "--param:1:3: a: range 5-1 is empty: it counts up from 5 to 1"],
    [{ params: ["a=1-5,3"] }, "--param:1:7: a: range 3 overlaps 1-5"],
    [{ params: ["a=x,y,x"] }, '--param:1:7: a has "x" twice, as value 1 and 3'],
    [
      { params: ["a=x,[1]"] },
      "--param:1:5: parameters.a[1]: expected a text, a number, true or false, got a list",
    ],
    [{ params: ["a=[1"] }, "--param:1:5: the YAML does not parse: Flow sequence must end with a ]"],
    [
      { params: ["a=x]"] },
      '--param:1:5: the YAML does not parse: Unexpected flow-seq-end token in YAML stream: "]"',
    ],
    [
      { params: ["a={rnage: 1-5}"] },
      "--param:1:3: parameters.a: expected a list of values, or one of {range: ...}, {linspace: ...}, {logspace: ...}, {distribution: ..., samples: ...} and {file: ...}, got a mapping",
    ],
    [
      { params: ["9=1"] },
      '--param:1:1: parameters: expected a name of letters, digits, _ and - that begins with a letter or _ (at most 64), got "9"',
    ],
    [{ set: ["timeout"] }, '--set:1:1: expected name=value, got "timeout"'],
    [{ set: ["timeout="] }, "--set:1:9: there is no value behind the ="],
    [
      { set: ["timeout=soon"] },
      '--set:1:9: timeout: expected a duration such as 30m, 1h30m, 90s or 500ms, got "soon"',
    ],
    [{ set: ["timout=5m"] }, '--set:1:1: there is no key "timout"'],
    [{ set: ["retries.mx=1"] }, '--set:1:9: retries: there is no key "mx"'],
    [{ set: ["parameters.a=1"] }, "--set:1:1: --set does not set parameters"],
    [
      { set: ["finish.0.video.fps=1"] },
      "--set:1:8: finish: expected a list of steps, got a mapping",
    ],
    [
      { set: ["command=[--n, {{ a }}]"] },
      "--set:1:15: {{ begins a mapping in YAML, not a placeholder",
    ],
    [{ set: ["command=['{{ c }}']"] }, "--set:1:11: there is no parameter c"],
  ])("%j", ([given, expected]) => {
    expect(problems(TEXT, given)[0]).toBe(expected);
  });

  test("a position that a list does not have", () => {
    expect(problems(`finish: []\n${TEXT}`, { set: ["finish.0.video.fps=1"] })).toEqual([
      "--set:1:8: 0 is no position in the list",
    ]);
  });

  test("a column of a table", () => {
    const given = { params: ["n=1-3"], files: { "t.csv": "n,m\n1,2" } };
    expect(problems("parameters: {t: {file: t.csv}}", given)).toEqual([
      "--param:1:1: n is a column of the table t and also a parameter",
    ]);
  });

  test("a parameter that combine does not have", () => {
    expect(problems("combine: a\nparameters: {a: [1]}", { params: ["b=1"] })).toEqual([
      "1:10: combine leaves out b",
    ]);
  });
});
