import { describe, expect, test } from "vitest";
import { hints, load, points, problems, warnings } from "./harness.ts";

describe("values keep their type", () => {
  test("in lists, exclude and include", () => {
    const text = `parameters: {a: [1, "1", 1.5, true, "true", text]}
exclude: [{a: "1"}]
include: [{a: "2"}]`;
    expect(points(text).map((point) => Object.values(point ?? {})[0])).toEqual([
      1,
      1.5,
      true,
      "true",
      "text",
      "2",
    ]);
  });

  test("a single value is a list of one", () => {
    expect(points("parameters: {a: 5, b: x}")).toEqual([{ a: 5, b: "x" }]);
  });

  test("anchors repeat values", () => {
    expect(load("parameters: {a: &v [1, 2], b: *v}").space.count).toBe(4);
  });
});

describe("a number whose text would change is warned of, once a parameter", () => {
  test.for<[values: string, expected: string[]]>([
    ["[3.10]", ["1:18: the number 3.10 is written as 3.1"]],
    ["[1e3]", ["1:18: the number 1e3 is written as 1000"]],
    ["[007]", ["1:18: the number 007 is written as 7"]],
    ["[0x10]", ["1:18: the number 0x10 is written as 16"]],
    ["[+1]", ["1:18: the number +1 is written as 1"]],
    ["[-0]", ["1:18: the number -0 is written as 0"]],
    ["[.5]", ["1:18: the number .5 is written as 0.5"]],
    ["[1, 2.0, 3.0]", ["1:21: the number 2.0 is written as 2 (and 1 more like it)"]],
    ["[1, 2.5, 1000000, -3]", []],
    ['["3.10", "007"]', []],
    [
      "{distribution: categorical, values: [1.0, 2], samples: 3}",
      ["1:54: the number 1.0 is written as 1"],
    ],
  ])("%s", ([values, expected]) => {
    expect(warnings(`parameters: {a: ${values}}`)).toEqual(expected);
  });

  test("in exclude and include too", () => {
    expect(warnings("include: [{a: 1.0}]\nexclude: [{a: 2.0}]")).toEqual([
      "2:15: the number 2.0 is written as 2",
      "1:15: the number 1.0 is written as 1",
    ]);
  });

  test("the warning says how to quote", () => {
    expect(load("parameters: {a: [3.10]}").warnings[0]).toContain(
      'to keep its text, quote it: "3.10"',
    );
  });
});

describe("what is no value is told", () => {
  test.for<[parameters: string, expected: string[]]>([
    ["{a: []}", ["1:17: a has no values"]],
    ["{a: [1, 2, 1]}", ["1:24: a has 1 twice, as value 1 and 3"]],
    ["{a: [1, 1.0]}", ["1:21: a has 1 twice, as value 1 and 2"]],
    [
      "{a: [null]}",
      ["1:18: parameters.a[0]: expected a text, a number, true or false, got nothing"],
    ],
    ["{a: [[1]]}", ["1:18: parameters.a[0]: expected a text, a number, true or false, got a list"]],
    [
      "{a: [9007199254740993]}",
      ["1:18: the integer 9007199254740993 is beyond 2^53, where numbers are no longer exact"],
    ],
    [
      "{a: [0xFFFFFFFFFFFFFFFF]}",
      ["1:18: the integer 0xFFFFFFFFFFFFFFFF is beyond 2^53, where numbers are no longer exact"],
    ],
    ["{a: [.nan]}", ["1:18: parameters.a[0]: expected a text, a number, true or false, got .nan"]],
    ["{a: [.inf]}", ["1:18: parameters.a[0]: expected a text, a number, true or false, got .inf"]],
    [
      "{a: [1e999]}",
      ["1:18: parameters.a[0]: expected a text, a number, true or false, got 1e999"],
    ],
    ["{a: 1-20}", ['1:17: a: is "1-20" a range or a text?']],
    ["{point: [1]}", ["1:14: a parameter cannot be called point"]],
    ["{output: {range: 1-3}}", ["1:14: a parameter cannot be called output"]],
    [
      "{9a: [1]}",
      [
        '1:14: parameters: expected a name of letters, digits, _ and - that begins with a letter or _ (at most 64), got "9a"',
      ],
    ],
    [
      "{a.b: [1]}",
      [
        '1:14: parameters: expected a name of letters, digits, _ and - that begins with a letter or _ (at most 64), got "a.b"',
      ],
    ],
    ["{}", ["1:1: a sweep without parameters and include has no points"]],
    ["[a]", ["1:13: parameters: expected a mapping of parameter names to values, got a list"]],
    [
      "{a: {range: 5}}",
      ['1:25: parameters.a.range: expected a range such as "1-20" or "1-100:2,200", got 5'],
    ],
    ["{a: {range: 5-1}}", ["1:25: a: range 5-1 is empty: it counts up from 5 to 1"]],
    ['{a: {range: "1-5,x"}}', ['1:30: a: expected an integer but found "x"']],
    [
      "{a: {linspace: [0, 1]}}",
      ["1:28: parameters.a.linspace: expected [start, stop, count], as [0, 1, 11], got a list"],
    ],
    [
      "{a: {linspace: [0, x, 3]}}",
      ['1:32: parameters.a.linspace[1]: expected a number to stop at, got "x"'],
    ],
    [
      "{a: {linspace: [0, 1, 0]}}",
      ["1:35: parameters.a.linspace[2]: expected a count: a whole number of at least 1, got 0"],
    ],
    ["{a: {logspace: [0, 1, 3]}}", ["1:29: a: logspace needs values above 0, not 0"]],
    ["{a: {linspace: [0, 1, 3], extra: 1}}", ['1:39: parameters.a: there is no key "extra"']],
    [
      "{a: {distribution: gauss, samples: 3}}",
      [`1:32: parameters.a.distribution: expected a distribution's name, got "gauss"`],
    ],
    ["{a: {distribution: normal}}", ["1:17: parameters.a: the key samples is missing"]],
    [
      "{a: {distribution: normal, samples: 3, min: 1}}",
      ['1:52: parameters.a: there is no key "min"'],
    ],
  ])("%s", ([parameters, expected]) => {
    expect(problems(`parameters: ${parameters}`)).toEqual(expected);
  });

  test("a null is told to be left out, a large integer to be quoted", () => {
    expect(hints("parameters: {a: [~]}")).toEqual(["write a value, or leave the key out"]);
    expect(hints("parameters: {a: [9007199254740993]}")).toEqual([
      'quote it to keep it as a text: "9007199254740993"',
    ]);
  });

  test("a distribution's name is suggested", () => {
    expect(hints("parameters: {a: {distribution: norml, samples: 3}}")).toEqual([
      "did you mean normal?",
    ]);
  });
});

describe("what does not make points is told where", () => {
  test.for<[text: string, expected: string[]]>([
    ["combine: a * c", ["1:14: combine names c, which is no parameter"]],
    ['combine: "a *"', ['1:14: combine: expected a parameter or "(" but found nothing']],
    ["combine: (a)\nparameters: {a: [1], b: [2]}", ["1:11: combine leaves out b"]],
    [
      "parameters: {a: [1], b: [1, 2]}\ncombine: (a, b)",
      ["2:10: only lists of one length go side by side: a has 1 values, b 2"],
    ],
    [
      "exclude: [{b: 1}, {c: 1}]",
      ["1:12: exclude: there is no parameter b", "1:20: exclude: there is no parameter c"],
    ],
    ["exclude: [{}]", ["1:11: an empty entry excludes every point"]],
    ["exclude: [{a: 1}, {a: 2}]", ["1:1: exclude leaves no point"]],
    ["include: [{}]", ["1:11: an empty entry includes nothing"]],
    ["include: [{point: 1}]", ["1:12: a parameter cannot be called point"]],
    [
      "include: [{x y: 1}]",
      [
        '1:12: include[0]: expected a name of letters, digits, _ and - that begins with a letter or _ (at most 64), got "x y"',
      ],
    ],
  ])("%j", ([text, expected]) => {
    expect(problems(text)).toEqual(expected);
  });

  test("an unknown name in exclude is told with the one that was meant", () => {
    expect(hints("parameters: {seed: [1]}\nexclude: [{sed: 1}]")).toEqual(["did you mean seed?"]);
  });
});

test("a billion points and more load at once", () => {
  const sweep = load('parameters: {a: {range: "1-1000000"}, b: {range: "1-1000000"}}');
  expect(sweep.space.count).toBe(1_000_000_000_000);
});

test("random-seed decides the draws", () => {
  const text = "parameters: {a: {distribution: uniform, min: 0, max: 1, samples: 3}}";
  expect(points(text)).toEqual(points(`random-seed: 0\n${text}`));
  expect(points(text)).not.toEqual(points(`random-seed: 1\n${text}`));
});
