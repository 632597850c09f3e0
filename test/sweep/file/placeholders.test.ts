import { describe, expect, test } from "vitest";
import { hints, load, problems } from "./harness.ts";

const PARAMETERS = "parameters: {seed: [1, 2], mode: [fast, slow], x: {linspace: [0, 1, 3]}}";

describe("an unknown placeholder is told at its place in the text", () => {
  test.for<[text: string, place: string]>([
    ["command: ['--s={{ sed }}']", "1:16"],
    ["command: [--s, '{{ seed }}', '{{ sed }}']", "1:31"],
    ['command: ["{{ seed }}{{ sed }}"]', "1:22"],
    ['command: ["\\u00e9 {{ sed }}"]', "1:19"],
    ["command: ['it''s {{ sed }}']", "1:18"],
    ["command: --seed {{ sed }}", "1:17"],
    ["command: \"--seed '{{ sed }}'\"", "1:19"],
    ["command: \"--a {{ seed }} --b 'x {{ sed }}'\"", "1:33"],
    ["command: |\n  --seed {{ seed }}\n  --other {{ sed }}", "3:11"],
    ["command: >-\n  --seed\n  {{ sed }}", "3:3"],
    ["env: {A: 'x{{ sed }}'}", "1:12"],
    ["point-name: p{{ sed }}", "1:14"],
    ["outputs: ['{{ sed }}.png']", "1:12"],
    ["entrypoint: [sh, '{{ sed }}']", "1:19"],
    ["finish: [{sheet: {images: 'a{{ sed }}.png'}}]", "1:29"],
  ])("%s", ([text, place]) => {
    expect(problems(`${text}\n${PARAMETERS}`)).toEqual([`${place}: there is no parameter sed`]);
    expect(hints(`${text}\n${PARAMETERS}`)).toEqual(["did you mean seed?"]);
  });
});

describe("each key holds only the placeholders that mean something there", () => {
  test.for<[text: string, expected: string]>([
    ["point-name: '{{ point.name }}'", "1:14: {{ point.name }} cannot stand here"],
    ["point-name: '{{ output }}'", "1:14: {{ output }} cannot stand here"],
    ["outputs: ['{{ output }}/x']", "1:12: {{ output }} cannot stand here"],
    ["outputs: ['{{ seed.first }}']", "1:12: {{ seed.first }} cannot stand here"],
    ["command: ['{{ seed.first }}']", "1:12: {{ seed.first }} needs batches over seed"],
    ["build: '{{ seed }}'", "1:9: build holds no placeholders"],
    ["process: [node, '{{ seed }}']", "1:18: process holds no placeholders"],
    ["inputs: [{from: 'https://a/{{ seed }}', to: x}]", "1:28: inputs holds no placeholders"],
    [
      "finish: [{video: {frames: a.png, by: seed, to: '{{ seed }}.mp4'}}]",
      "1:49: finish[0].video.to holds no placeholders",
    ],
    [
      "finish: [{command: {image: a, command: ['{{ seed }}']}}]",
      "1:42: {{ seed }} cannot stand here",
    ],
  ])("%s", ([text, expected]) => {
    expect(problems(`${text}\n${PARAMETERS}`)).toEqual([expected]);
  });

  test("what can stand instead is listed", () => {
    expect(hints(`point-name: '{{ output }}'\n${PARAMETERS}`)).toEqual([
      "what can: parameters, point.index",
    ]);
  });

  test("values are taken literally", () => {
    expect(load('parameters: {a: ["{{ b }}"]}').space.count).toBe(1);
  });
});

describe("a format is for numbers", () => {
  test.for<[parameters: string, message: string | null]>([
    ["{p: [1, 2.5]}", null],
    ["{p: {range: 1-3}}", null],
    ["{p: {logspace: [1, 10, 3]}}", null],
    ["{p: {distribution: beta, samples: 2}}", null],
    ["{p: {distribution: categorical, values: [1, 2], samples: 2}}", null],
    ["{p: [1, fast]}", 'the format 03d is for numbers, and p can be "fast"'],
    ["{p: [true]}", "the format 03d is for numbers, and p can be true"],
    [
      "{p: {distribution: constant, value: x, samples: 1}}",
      'the format 03d is for numbers, and p can be "x"',
    ],
    [
      "{p: {distribution: categorical, values: [1, a], samples: 2}}",
      'the format 03d is for numbers, and p can be "a"',
    ],
    ["{t: {file: t.csv}}", 'the format 03d is for numbers, and p can be "b"'],
  ])("%s", ([parameters, message]) => {
    const found = problems(`command: ["{{ p:03d }}"]\nparameters: ${parameters}`, {
      files: { "t.csv": "p\n1\nb" },
    });
    expect(found).toEqual(message === null ? [] : [`1:12: ${message}`]);
  });

  test("a text that only include brings counts too", () => {
    const text = 'command: ["{{ p:03d }}"]\nparameters: {p: [1]}\ninclude: [{p: a}]';
    expect(problems(text)).toEqual(['1:12: the format 03d is for numbers, and p can be "a"']);
  });
});

describe("a point that lacks what a placeholder needs is told with the entry at fault", () => {
  test("an include entry of its own without one of the parameters", () => {
    const text =
      'command: ["{{ a }}", "{{ b }}"]\nparameters: {a: [1], b: [1]}\ninclude: [{a: 9, b: 9}, {a: 7}]';
    expect(problems(text)).toEqual(["1:23: point 2 {a: 7} has no b"]);
    expect(hints(text)).toEqual(["it comes from include[1]: give that entry a b"]);
  });

  test("a parameter that include adds to some points only", () => {
    const text = 'command: ["{{ c }}"]\nparameters: {a: [1, 2]}\ninclude: [{a: 1, c: 5}]';
    expect(problems(text)).toEqual(["1:12: point 1 {a: 2} has no c"]);
  });

  test("one that include adds to every point is there", () => {
    const text = 'command: ["{{ c }}"]\nparameters: {a: [1, 2]}\ninclude: [{c: 5}]';
    expect(problems(text)).toEqual([]);
  });

  test("points of include alone have each what the others have", () => {
    const text = 'name: a\nimage: b\ncommand: ["{{ b }}"]\ninclude: [{a: 1, b: 2}, {a: 2}]';
    expect(problems(text, { whole: true })).toEqual(["3:12: point 1 {a: 2} has no b"]);
  });
});

describe("a batch is one process for many points", () => {
  test.for<[key: string, place: string]>([
    ["command: [--s, '{{ seed }}']", "1:17"],
    ["entrypoint: ['{{ point.index }}']", "1:15"],
    ["env: {A: '{{ point.name }}'}", "1:11"],
  ])("%s cannot differ from point to point", ([key, place]) => {
    const [found = ""] = problems(`${key}\nisolation: {batch: 10}\n${PARAMETERS}`);
    expect(found).toMatch(new RegExp(`^${place}: .* differs from point to point`));
  });

  test("nor can a template", () => {
    const text = `templates: [{from: t.json, to: t.json}]\nisolation: {batch: 10}\n${PARAMETERS}`;
    const [found = ""] = problems(text, { files: { "t.json": '{"s": {{ seed }}}' } });
    expect(found).toMatch(/^t\.json:1:7: \{\{ seed \}\} differs from point to point/);
  });

  test("folders, outputs, the name and a range's ends can", () => {
    const text = `command: ['{{ output }}', '{{ input }}', '{{ seed.first }}', '{{ seed.last }}']
outputs: ['{{ seed:04d }}.png']
point-name: "{{ seed }}-{{ mode }}-{{ x }}"
isolation: {batch: 10, range: seed}
${PARAMETERS}`;
    expect(problems(text)).toEqual([]);
  });

  test.for<[range: string, expected: string]>([
    ["sed", "1:31: there is no parameter sed"],
    ["mode", '1:31: batches go over an integer parameter, and mode can be "fast"'],
    ["x", "1:31: batches go over an integer parameter, and x can be fractions"],
  ])("a range over %s", ([range, expected]) => {
    expect(problems(`isolation: {batch: 10, range: ${range}}\n${PARAMETERS}`)).toEqual([expected]);
  });

  test("ends of another parameter than the range's", () => {
    const text = `command: ['{{ x.first }}']\nisolation: {batch: 10, range: seed}\n${PARAMETERS}`;
    expect(problems(text)).toEqual(["1:12: {{ x.first }} needs batches over x"]);
    expect(hints(text)).toEqual(["the batches are over seed"]);
  });

  test("a linspace of integers can be a range", () => {
    const text = "isolation: {batch: 2, range: i}\nparameters: {i: {linspace: [0, 10, 6]}}";
    expect(problems(text)).toEqual([]);
  });
});

test("what a shell would act on is warned of, and stays", () => {
  const sweep = load("command: echo $HOME > x");
  expect(sweep.command.map(({ source }) => source)).toEqual(["echo", "$HOME", ">", "x"]);
  expect(sweep.warnings[0]).toContain(
    "no shell runs this: the program gets $HOME as it stands here",
  );
});
