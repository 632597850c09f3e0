import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDiagnostic, ReportedError, SweepError } from "../../src/sweep/errors.ts";
import { loadSweep, secretsFrom, sweepFromObject } from "../../src/sweep/load.ts";
import { folderOf, load } from "./file/harness.ts";

const OPTIONS = { params: [], set: [], allowOutside: false };

const WHOLE = `name: monte-carlo-pi
image: ghcr.io/org/sim-pipeline/monte-carlo-pi:latest
build: .
process: [node, main.ts]
parameters:
  iterations: [1000, 10000, 100000]
  seed: {range: "1-20"}
  radius: {linspace: [0, 1, 3]}
  noise: {distribution: normal, mu: 0, sigma: 1, samples: 5}
combine: "(iterations, radius) * seed * noise"
exclude: [{iterations: 1000, seed: 3}]
include: [{iterations: 5, radius: 0.5, seed: 1, noise: 0}]
random-seed: 42
point-name: "n{{ iterations }}-s{{ seed:03d }}-{{ noise:.4f }}"
command: ["--iterations", "{{ iterations }}", "--seed", "{{ seed }}"]
env: {MODE: fast}
secrets: [LICENSE_KEY]
inputs: [{from: data/in.csv, to: /mnt/input/in.csv}]
templates: [{from: config.tmpl.json, to: /mnt/config.json}]
outputs: ["*.png"]
resources: {cpus: 1, memory: 512Mi, gpus: 0}
platform: linux/amd64
user: host
network: none
timeout: 30m
idle-timeout: 30m
retries: {max: 2, on: [failed, timed-out, oom], memory-factor: 2}
on-failure: continue
isolation: container
workers: auto
`;

const FILES = { "data/in.csv": "x", "config.tmpl.json": '{"seed": {{ seed }}}' };

test("every key of a sweep file is read", () => {
  const sweep = load(WHOLE, { whole: true, files: FILES });
  expect(sweep.space.count).toBe(3 * 20 * 5 - 5 + 1);
  expect(sweep.space.names).toEqual(["iterations", "seed", "radius", "noise"]);
  expect(sweep.file).toBe(join(sweep.folder, "sweep.yaml"));
  const read = ["sweep.yaml", "data/in.csv", "config.tmpl.json"];
  expect(sweep.reads).toEqual(read.map((name) => join(sweep.folder, name)));
  expect(sweep).toMatchObject({
    name: "monte-carlo-pi",
    image: "ghcr.io/org/sim-pipeline/monte-carlo-pi:latest",
    build: { context: "." },
    process: ["node", "main.ts"],
    entrypoint: null,
    command: [
      { parts: ["--iterations"] },
      { parts: [{ kind: "parameter", name: "iterations", spec: null }] },
      { parts: ["--seed"] },
      { parts: [{ kind: "parameter", name: "seed", spec: null }] },
    ],
    env: { MODE: { parts: ["fast"] } },
    secrets: ["LICENSE_KEY"],
    inputs: [{ from: "data/in.csv", to: "/mnt/input/in.csv" }],
    templates: [{ from: "config.tmpl.json", to: "/mnt/config.json" }],
    outputs: [{ source: "*.png" }],
    resources: { cpus: 1, memory: 512 * 1024 * 1024, gpus: 0 },
    platform: "linux/amd64",
    user: "host",
    network: "none",
    timeout: 1_800_000,
    idleTimeout: 1_800_000,
    retries: { max: 2, on: ["failed", "timed-out", "oom"], memoryFactor: 2 },
    onFailure: { kind: "continue" },
    isolation: { kind: "container" },
    workers: "auto",
    finish: [],
    warnings: [],
  });
});

test("what a sweep file leaves out has its defaults", () => {
  const text = "name: t\nprocess: [x]\nparameters: {a: 1}\ncommand: []";
  const {
    space: _,
    file: _file,
    folder: _folder,
    places: _places,
    reads: _reads,
    request: _request,
    ...sweep
  } = load(text, { whole: true });
  expect(sweep).toEqual({
    name: "t",
    image: null,
    build: null,
    process: ["x"],
    pointName: null,
    entrypoint: null,
    command: [],
    env: {},
    secrets: [],
    inputs: [],
    templates: [],
    outputs: [],
    resources: { cpus: null, memory: null, gpus: 0 },
    platform: null,
    user: "host",
    network: "none",
    timeout: null,
    idleTimeout: null,
    retries: { max: 0, on: ["failed", "timed-out", "idle", "oom"], memoryFactor: 1 },
    onFailure: { kind: "continue" },
    isolation: { kind: "container" },
    workers: "auto",
    finish: [],
    warnings: [],
  });
});

describe("what a sweep was loaded with is known", () => {
  const text = "name: t\nprocess: [x]\nparameters: {a: 1}\ncommand: []";
  const flags = { params: ["a=1-3"], set: ["timeout=5m"], allowOutside: false };
  const file = () => join(folderOf({ "sims/t/sweep.yaml": text }), "sims/t/sweep.yaml");

  test("path and overrides, from the root that is given", () => {
    const path = file();
    const { request } = loadSweep(path, { ...flags, root: join(path, "../../..") });
    expect(request).toEqual({ path: "sims/t/sweep.yaml", ...flags });
  });

  test("an absolute path outside of the working directory", () => {
    const path = file();
    expect(loadSweep(path, flags).request?.path).toBe(path);
  });

  test("nothing of an object", () => {
    const object = { name: "t", process: ["x"], parameters: { a: 1 }, command: [] };
    expect(sweepFromObject(object, "/").request).toBe(null);
  });
});

describe("a file that is none is told", () => {
  const folder = () =>
    folderOf({ "folder/x": "", big: "x".repeat(1024 * 1024 + 1), nul: "a\u0000" });
  test.for<[name: string, message: string]>([
    ["none.yaml", "none.yaml: the sweep file does not exist"],
    ["folder", "folder: the sweep file is a folder, not a file"],
    ["big", "big: the sweep file has 1048577 bytes, and at most 1048576 are read"],
    ["nul", "nul: the sweep file is no text: it holds NUL bytes"],
    ["nul/x", "nul/x: the sweep file does not exist: a part of its path is no folder"],
  ])("%s", ([name, message]) => {
    expect(() => loadSweep(join(folder(), name), OPTIONS)).toThrow(message);
  });
});

test("a diagnostic shows the file as it was named, the line, a caret and a hint", () => {
  const folder = folderOf({
    "sweep.yaml": "name: t\nimage: t\nparameters: {seed: [1]}\ncommand: ['--s', '{{ sed }}']\n",
  });
  const path = join(folder, "sweep.yaml");
  expect(() => loadSweep(path, OPTIONS)).toThrow(
    new SweepError([
      {
        file: path,
        line: 4,
        column: 19,
        source: "command: ['--s', '{{ sed }}']",
        message: "there is no parameter sed",
        hint: "did you mean seed?",
      },
    ]),
  );
  try {
    loadSweep(path, OPTIONS);
  } catch (error) {
    expect(error).toBeInstanceOf(ReportedError);
    expect(error).toMatchObject({
      exitCode: 2,
      message: [
        `${path}:4:19: there is no parameter sed`,
        "  4 | command: ['--s', '{{ sed }}']",
        "    |                   ^",
        "  did you mean seed?",
      ].join("\n"),
    });
  }
});

test("many diagnostics read as one text, by file, each with its own caret", () => {
  const folder = folderOf({
    "cases.csv": "n,mode\n1,fast\n2\n",
    "sweep.yaml": `name: Pi
image: t
parameters:
  seed: {range: "1-5,4"}
  mode: [fast, slow, fast]
  t: {file: cases.csv}
command: ["--seed", "{{ seed }}"]
retries: {max: 2, on: [faild]}
timeout: 30
`,
  });
  const path = join(folder, "sweep.yaml");
  let message = "";
  try {
    loadSweep(path, { ...OPTIONS, set: ["resources.memory=512m"] });
  } catch (error) {
    message = error instanceof Error ? error.message.replaceAll(`${folder}/`, "") : "";
  }
  expect(
    message,
  ).toBe(`sweep.yaml:1:7: name: expected at most 63 of a-z, 0-9, - and _, a letter or digit first, got "Pi"
  1 | name: Pi
    |       ^

sweep.yaml:4:22: seed: range 4 overlaps 1-5
  4 |   seed: {range: "1-5,4"}
    |                      ^
  each number may be in one range only

sweep.yaml:5:22: mode has "fast" twice, as value 1 and 3
  5 |   mode: [fast, slow, fast]
    |                      ^
  each point would run twice; for repeated runs add a parameter such as a seed

sweep.yaml:8:24: retries.on[0]: expected one of failed, timed-out, idle, oom, got "faild"
  8 | retries: {max: 2, on: [faild]}
    |                        ^
  did you mean failed?

sweep.yaml:9:10: timeout: expected a duration such as 30m, 1h30m, 90s or 500ms, got 30
  9 | timeout: 30
    |          ^
  write its unit: 30s, 30m or 30h

--set:1:18: resources.memory: expected an amount of memory such as 512Mi, 1G or 1.5GiB, got "512m"
  1 | resources.memory=512m
    |                  ^

cases.csv:3:1: the row has 1 cell, and the header has 2
  3 | 2
    | ^`);
});

describe("a sweep made of an object", () => {
  const object = { name: "t", image: "t", parameters: { a: [1, "x"] }, command: ["{{ a }}"] };

  test("is as one of a file", () => {
    const sweep = sweepFromObject({ ...object, timeout: "5m", env: undefined }, "/tmp");
    expect(sweep).toMatchObject({ file: null, folder: "/tmp", timeout: 300_000, env: {} });
    expect(sweep.space.count).toBe(2);
  });

  test.for<[change: object, message: string]>([
    [{ timeout: 5 }, "sweep: timeout: expected a duration such as 30m, 1h30m, 90s or 500ms, got 5"],
    [{ tmeout: "5m" }, 'sweep: there is no key "tmeout"'],
    [{ command: ["{{ b }}"] }, "sweep: there is no parameter b"],
    [
      { parameters: { a: [Number.NaN] } },
      "sweep: parameters.a[0]: expected a text, a number, true or false, got NaN",
    ],
    [{ parameters: { a: [2 ** 60] } }, "sweep: the integer 1152921504606847000 is beyond 2^53"],
    [
      { parameters: { a: [1n] } },
      "sweep: parameters.a[0]: expected a text, a number, true, false, a list or a plain object, got bigint",
    ],
    [
      { parameters: new Map([["a", [1]]]) },
      "sweep: parameters: expected a text, a number, true, false, a list or a plain object, got [object Map]",
    ],
    [
      { env: { A: new Date(0) } },
      "sweep: env.A: expected a text, a number, true, false, a list or a plain object, got [object Date]",
    ],
  ])("is told what is wrong: %o", ([change, message]) => {
    expect(() => sweepFromObject({ ...object, ...change }, "/tmp")).toThrow(message);
  });

  test.for([null, 5, "x", [], undefined])("%o is none", (value) => {
    expect(() => sweepFromObject(value, "/tmp")).toThrow(SweepError);
  });

  test("one that holds itself is told", () => {
    const env: Record<string, unknown> = {};
    Object.assign(env, { A: env });
    expect(() => sweepFromObject({ ...object, env }, "/tmp")).toThrow("or holds itself");
  });
});

describe("secrets come from the environment", () => {
  const sweep = { name: "t", file: null, secrets: ["A", "B"], places: {} };

  test("only those that the sweep names", () => {
    expect(secretsFrom(sweep, { A: "1", B: "2", C: "3" })).toEqual({ A: "1", B: "2" });
  });

  test("all that are not set are named, with exit code 2", () => {
    expect(() => secretsFrom(sweep, { A: "" })).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringContaining("the secrets A, B are not set in the environment"),
      }),
    );
  });
});

describe("names that every object has are names", () => {
  const names = ["constructor", "toString", "hasOwnProperty", "valueOf"];

  test("of parameters, variables and keys", () => {
    for (const name of names) {
      const text = `parameters: {${name}: [1, 2]}\ncommand: ["{{ ${name} }}"]\nenv: {${name}: x}`;
      expect(load(text).space.count).toBe(2);
      expect(Object.keys(load(text).env)).toEqual([name]);
      expect(() => load(`${name}: x`)).toThrow(`there is no key "${name}"`);
      expect(() => load(`command: ["{{ ${name} }}"]`)).toThrow(`there is no parameter ${name}`);
      expect(() => load(`parameters: {${name}: [[]]}`)).toThrow(`parameters.${name}[0]: expected`);
    }
  });

  test("but for __proto__, which no file, flag or object can use", () => {
    const params = ["__proto__=1"];
    expect(() => load("", { params })).toThrow("__proto__ cannot be a key");
    expect(() => load("", { set: ["env.__proto__=1"] })).toThrow("__proto__ cannot be a key");
    const env: unknown = JSON.parse('{"__proto__": "x"}');
    expect(() => sweepFromObject({ env }, "/tmp")).toThrow("__proto__ cannot be a key");
  });
});

test("a file from Windows has the same places", () => {
  const text = "name: t\r\nimage: t\r\nparameters: {a: 1}\r\ncommand: ['{{ b }}']\r\n";
  expect(() => load(text, { whole: true })).toThrow(
    /:4:12: there is no parameter b\n {2}4 \| command: \['\{\{ b \}\}'\]\n/,
  );
});

test("what a file holds cannot begin a line or act on a terminal in a message", () => {
  const text = 'inputs: [{from: "x\\n::stop-commands::y\\e[2J", to: a}]';
  expect(() => load(text)).toThrow("x\ufffd::stop-commands::y\ufffd[2J does not exist");
});

test("thousands of parameters are refused, since every point would have them", () => {
  const list = (count: number) => Array.from({ length: count }, (_, i) => `p${i}: 1`).join(", ");
  expect(load(`parameters: {${list(1000)}}`).space.names).toHaveLength(1000);
  const message = "there are more than 1000 parameters";
  expect(() => load(`parameters: {${list(1001)}}`)).toThrow(message);
  expect(() => load(`include: [{${list(1001)}}]`)).toThrow(message);
});

test("a file of more values than anyone writes is refused", () => {
  const message = "there are more than 200000 keys and values";
  expect(() => load(`parameters: {a: [${"~,".repeat(210_000)}]}`)).toThrow(message);
});

describe("errors without end are told soon, a few of them", () => {
  test.for<[what: string, text: string]>([
    ["placeholders", `command: ["${"{{ 1 }}".repeat(50_000)}"]`],
    ["unclosed placeholders", `command: "${"{{a ".repeat(50_000)}"`],
    ["keys", Array.from({ length: 20_000 }, (_, i) => `key${i}: 1`).join("\n")],
  ])("%s", ([, text]) => {
    expect(() => load(text)).toThrow("80 or more errors are not shown");
  });
});

describe("whatever a file holds, it loads or is told as wrong", () => {
  const folder = () => folderOf(FILES);

  function loads(path: string, text: string | Uint8Array): void {
    writeFileSync(path, text);
    try {
      loadSweep(path, OPTIONS);
    } catch (error) {
      if (!(error instanceof SweepError)) throw error;
      expect(error.diagnostics.length).toBeGreaterThan(0);
      expect(error.diagnostics.length).toBeLessThanOrEqual(21);
      for (const diagnostic of error.diagnostics) {
        expect(formatDiagnostic(diagnostic)).toContain(diagnostic.message);
      }
    }
  }

  test("any bytes", () => {
    const path = join(folder(), "sweep.yaml");
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => loads(path, bytes)));
  });

  test("a whole file with a piece cut out, doubled or replaced", () => {
    const path = join(folder(), "sweep.yaml");
    const piece = fc.oneof(
      fc.constantFrom(
        "",
        "{{",
        "}}",
        "[",
        "]",
        "{",
        "}",
        ":",
        "\n",
        "  ",
        "- ",
        "~",
        "*a",
        "&a ",
        '"',
        "'",
        "0x",
        "1e999",
        "-",
        "|",
        "#",
      ),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(
        fc.nat(WHOLE.length),
        fc.nat(40),
        piece,
        fc.boolean(),
        (at, length, put, twice) => {
          const cut = WHOLE.slice(at, at + length);
          loads(
            path,
            WHOLE.slice(0, at) + put + (twice ? cut + cut : "") + WHOLE.slice(at + length),
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  test("any value at any key", () => {
    const value = fc.oneof(
      fc.anything({ withNullPrototype: true, maxDepth: 3 }),
      fc.constantFrom("{{ seed }}", "1-5", "30m", { range: "1-3" }, [{ from: "a", to: "b" }]),
    );
    const keys = WHOLE.match(/^[a-z-]+(?=:)/gm) ?? [];
    const base = { name: "t", image: "t", parameters: { seed: [1] }, command: [] };
    fc.assert(
      fc.property(fc.constantFrom(...keys, "finish", "entrypoint", "x"), value, (key, held) => {
        try {
          sweepFromObject({ ...base, [key]: held }, "/tmp");
        } catch (error) {
          if (!(error instanceof SweepError)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
