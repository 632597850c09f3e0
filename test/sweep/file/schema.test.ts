import { describe, expect, test } from "vitest";
import { hints, load, problems } from "./harness.ts";

describe("a wrong value is told with what was expected", () => {
  test.for<[text: string, expected: string]>([
    [
      "name: Pi",
      '1:7: name: expected at most 63 of a-z, 0-9, - and _, a letter or digit first, got "Pi"',
    ],
    [
      `name: ${"a".repeat(64)}`,
      `1:7: name: expected at most 63 of a-z, 0-9, - and _, a letter or digit first, got "${"a".repeat(60)}..."`,
    ],
    [
      "name: 7",
      "1:7: name: expected at most 63 of a-z, 0-9, - and _, a letter or digit first, got 7",
    ],
    [
      "image: Org/Name",
      '1:8: image: expected an image such as ghcr.io/org/name:tag, in lower case, got "Org/Name"',
    ],
    [
      "image: a b",
      '1:8: image: expected an image such as ghcr.io/org/name:tag, in lower case, got "a b"',
    ],
    [
      "image:",
      "1:7: image: expected an image such as ghcr.io/org/name:tag, in lower case, got nothing",
    ],
    [
      "timeout: soon",
      '1:10: timeout: expected a duration such as 30m, 1h30m, 90s or 500ms, got "soon"',
    ],
    ["timeout: 30", "1:10: timeout: expected a duration such as 30m, 1h30m, 90s or 500ms, got 30"],
    ["timeout: 0s", '1:10: timeout: expected a duration of at least 1ms, got "0s"'],
    ["timeout: 400d", '1:10: timeout: expected a duration of at most 365d, got "400d"'],
    [
      "timeout: -5m",
      '1:10: timeout: expected a duration such as 30m, 1h30m, 90s or 500ms, got "-5m"',
    ],
    [
      "resources: {memory: 512}",
      "1:21: resources.memory: expected an amount of memory such as 512Mi, 1G or 1.5GiB, got 512",
    ],
    [
      "resources: {memory: 512m}",
      '1:21: resources.memory: expected an amount of memory such as 512Mi, 1G or 1.5GiB, got "512m"',
    ],
    [
      "resources: {cpus: 0}",
      "1:19: resources.cpus: expected a number of cores above 0, such as 2 or 0.5, got 0",
    ],
    [
      "resources: {cpus: .nan}",
      "1:19: resources.cpus: expected a number of cores above 0, such as 2 or 0.5, got .nan",
    ],
    [
      "resources: {gpus: 1.5}",
      "1:19: resources.gpus: expected a whole number of GPUs from 0 to 64, got 1.5",
    ],
    [
      "resources: [1]",
      "1:12: resources: expected a mapping such as {cpus: 1, memory: 512Mi}, got a list",
    ],
    ["platform: linux", '1:11: platform: expected a platform such as linux/amd64, got "linux"'],
    ["user: root", '1:7: user: expected host, image, or uid:gid such as 1000:1000, got "root"'],
    ["user: 1000", "1:7: user: expected host, image, or uid:gid such as 1000:1000, got 1000"],
    ["network: host", '1:10: network: expected none or bridge, got "host"'],
    ["retries: 2", "1:10: retries: expected a mapping such as {max: 2}, got 2"],
    ["retries: {max: -1}", "1:16: retries.max: expected a whole number from 0 to 1000, got -1"],
    [
      "retries: {on: [lost]}",
      '1:16: retries.on[0]: expected one of failed, timed-out, idle, oom, got "lost"',
    ],
    [
      "retries: {memory-factor: 0.5}",
      "1:26: retries.memory-factor: expected a number of at least 1, got 0.5",
    ],
    [
      "on-failure: never",
      '1:13: on-failure: expected continue, stop or {stop-after: 10}, got "never"',
    ],
    [
      "on-failure: {stop-after: 0}",
      "1:26: on-failure.stop-after: expected a whole number of at least 1, got 0",
    ],
    [
      "isolation: vm",
      '1:12: isolation: expected container, warm, {batch: 100} or {batch: 50, range: frame}, got "vm"',
    ],
    [
      "isolation: {batch: 0}",
      "1:20: isolation.batch: expected a number of points from 1 to 1000000, got 0",
    ],
    ["isolation: {batch: 5, rnage: a}", '1:23: isolation: there is no key "rnage"'],
    [
      "workers: many",
      '1:10: workers: expected auto or a whole number from 1 to 100000, got "many"',
    ],
    ["workers: 0", "1:10: workers: expected auto or a whole number from 1 to 100000, got 0"],
    ["random-seed: 1.5", "1:14: random-seed: expected a whole number of at least 0, got 1.5"],
    ["secrets: [A B]", `1:11: secrets[0]: expected an environment variable's name, got "A B"`],
    [
      "secrets: TOKEN",
      `1:10: secrets: expected a list of environment variables' names, got "TOKEN"`,
    ],
    ["secrets: [A, A]", "1:14: the secret A is here twice"],
    ["env: {A-B: 1}", `1:7: env: expected a variable's name of letters, digits and _, got "A-B"`],
    ["env: {A: [1]}", "1:10: env.A: expected a text, got a list"],
    ["env: {SIM_POINT: x}", "1:7: env: SIM_POINT is set by us"],
    [
      "command: {a: b}",
      "1:10: command: expected a list of words, or one text to be split like a shell does, got a mapping",
    ],
    ["command: [[a]]", "1:11: command[0]: expected a text, got a list"],
    ["command: [a, ~]", "1:14: command[1]: expected a text, got nothing"],
    ["command: a 'b", "1:12: the quote ' is not closed"],
    ["entrypoint: []", "1:13: entrypoint: expected at least one word"],
    ["process: ''", "1:10: process: expected at least one word"],
    ["outputs: '*.png'", '1:10: outputs: expected a list of globs, got "*.png"'],
    ["outputs: [/mnt/data/x]", "1:11: /mnt/data/x is absolute, and only relative paths go here"],
    ["outputs: [../x]", "1:11: ../x holds .. steps"],
    ["outputs: [a, a]", "1:14: the glob a is here twice"],
    ["build: {contxt: .}", "1:8: build: expected the build context's folder, got a mapping"],
    ["build: [.]", "1:8: build: expected the build context's folder, got a list"],
    [
      "inputs: [data.csv]",
      '1:10: inputs[0]: expected a mapping such as {from: data.csv, to: data.csv}, got "data.csv"',
    ],
    ["inputs: [{from: https://a/b}]", "1:10: inputs[0]: the key to is missing"],
    [
      "combine: [a]",
      "1:10: combine: expected a combination expression such as (a, b) * c, got a list",
    ],
    ["point-name: 1", "1:13: point-name: expected a text with placeholders, got 1"],
    ["include: {a: 1}", "1:10: include: expected a list of mappings, got a mapping"],
    [
      "exclude: [{a: [1]}]",
      "1:15: exclude[0].a: expected a text, a number, true or false, got a list",
    ],
  ])("%s", ([text, expected]) => {
    expect(problems(text)[0]).toBe(expected);
  });
});

describe("what is missing is told at the file's beginning", () => {
  test.for<[text: string, expected: string[]]>([
    [
      "x: 1",
      [
        "1:1: there are no points: neither parameters nor include is there",
        "1:1: nothing says what to run: none of image, build and process is there",
        "1:1: the key name is missing",
        "1:1: the key command is missing",
        '1:1: there is no key "x"',
      ],
    ],
    ["name: a\nimage: b\nparameters: {a: [1]}", ["1:1: the key command is missing"]],
  ])("%j", ([text, expected]) => {
    expect(problems(text, { whole: true })).toEqual(expected);
  });

  test("one of image, build and process, and one of parameters and include, suffice", () => {
    for (const engine of ["image: x", "build: .", "process: [node, x.ts]"]) {
      for (const points of ["parameters: {a: 1}", "include: [{a: 1}]"]) {
        const text = `name: a\ncommand: []\n${engine}\n${points}`;
        expect(load(text, { whole: true }).space.count).toBe(1);
      }
    }
  });
});

describe("an unknown key is told with the one that was meant", () => {
  test.for<[key: string, hint: string]>([
    ["timout", "did you mean timeout?"],
    ["idle_timeout", "did you mean idle-timeout?"],
    ["pointName", "did you mean point-name?"],
    ["Outputs", "did you mean outputs?"],
    ["secret", "did you mean secrets?"],
  ])("%s", ([key, hint]) => {
    expect(problems(`${key}: x`)).toEqual([`1:1: there is no key "${key}"`]);
    expect(hints(`${key}: x`)).toEqual([hint]);
  });

  test("one that resembles none lists what there is", () => {
    expect(hints("retries: {xylophone: 1}")).toEqual(["keys left to set: max, on, memory-factor"]);
  });
});

test("a misspelt word is told the one that was meant", () => {
  expect(hints("isolation: wram")).toEqual(["did you mean warm?"]);
  expect(hints("network: brigde")).toEqual(["did you mean bridge?"]);
});

test("a mapping that fits no form is told the key that was meant", () => {
  expect(hints("isolation: {bath: 4}")).toEqual(["did you mean batch?"]);
  expect(hints("build: {contxt: .}")).toEqual(["did you mean context?"]);
  expect(hints("parameters: {a: {rnage: 1-5}}")).toEqual(["did you mean range?"]);
});

test("a value without its unit is told which units there are", () => {
  expect(hints("timeout: 30")).toEqual(["write its unit: 30s, 30m or 30h"]);
  expect(hints("resources: {memory: 512}")).toEqual(["write its unit: 512Mi or 512Gi"]);
});

test("all errors of a file come at once, in the order of reading", () => {
  const text =
    "timeout: x\nworkers: 0\nparameters: {a: [1, 1], b: {range: 3-1}}\noutputs: [/x]\nnetwork: y";
  expect(problems(text).map((one) => one.slice(0, 4))).toEqual([
    "1:10",
    "2:10",
    "3:21",
    "3:36",
    "4:11",
    "5:10",
  ]);
});

test("no more than 20 are shown, and the rest are counted", () => {
  const text = Array.from({ length: 30 }, (_, i) => `key${i}: 1`).join("\n");
  const found = problems(text);
  expect(found).toHaveLength(21);
  expect(found.at(-1)).toBe("0:0: 10 more errors are not shown");
});

describe("values mean what they say", () => {
  test.for<[text: string, milliseconds: number]>([
    ["30m", 1_800_000],
    ["1h30m", 5_400_000],
    ["90s", 90_000],
    ["500ms", 500],
    ["1.5h", 5_400_000],
    ["1d", 86_400_000],
  ])("timeout: %s", ([text, milliseconds]) => {
    expect(load(`timeout: ${text}`).timeout).toBe(milliseconds);
  });

  test.for<[text: string, bytes: number]>([
    ["512Mi", 536_870_912],
    ["1G", 1_000_000_000],
    ["1.5GiB", 1_610_612_736],
    ["100k", 100_000],
    ["1Ki", 1024],
    ["2T", 2_000_000_000_000],
    ["1GB", 1_000_000_000],
  ])("memory: %s", ([text, bytes]) => {
    expect(load(`resources: {memory: ${text}}`).resources.memory).toBe(bytes);
  });

  test.for([
    "alpine",
    "alpine:3.20",
    "ghcr.io/org/sim-pipeline/monte-carlo-pi:latest",
    "localhost:5000/a/b_c/d-e.f:v1.2_x-y",
    `name@sha256:${"0".repeat(64)}`,
    `Registry.Example.com/a:b@sha256:${"a".repeat(64)}`,
  ])("image: %s", (image) => {
    expect(load(`image: ${image}`).image).toBe(image);
  });

  test("on-failure: stop is one failure", () => {
    expect(load("on-failure: stop").onFailure).toEqual({ kind: "stop", after: 1 });
    expect(load("on-failure: {stop-after: 5}").onFailure).toEqual({ kind: "stop", after: 5 });
  });

  test("isolation has three forms", () => {
    expect(load("isolation: warm").isolation).toEqual({ kind: "warm" });
    expect(load("isolation: {batch: 9}").isolation).toEqual({
      kind: "batch",
      size: 9,
      range: null,
    });
    expect(load("isolation: {batch: 9, range: a}").isolation).toEqual({
      kind: "batch",
      size: 9,
      range: "a",
    });
  });

  test("a number in a command or variable is the text that stands in the file", () => {
    const sweep = load("command: [--version, 3.10, 007]\nenv: {N: 1e3, ON: True}");
    expect(sweep.command.map(({ source }) => source)).toEqual(["--version", "3.10", "007"]);
    expect(Object.entries(sweep.env).map(([name, { source }]) => [name, source])).toEqual([
      ["N", "1e3"],
      ["ON", "True"],
    ]);
  });

  test("a command may be one text", () => {
    const sweep = load("command: \"--a {{ a }} 'b c'\"");
    expect(sweep.command.map(({ source }) => source)).toEqual(["--a", "{{ a }}", "b c"]);
  });
});
