import { describe, expect, it } from "vitest";
import {
  type Axis,
  linspaceAxis,
  listAxis,
  rangeAxis,
  sampleAxis,
  tableAxis,
} from "../../src/sweep/axis.ts";
import { parseCombination } from "../../src/sweep/combination.ts";
import { SpaceError, space } from "../../src/sweep/space.ts";
import type { Parameters, Space, Value } from "../../src/sweep/sweep.ts";
import { failure } from "./failure.ts";

interface Given {
  /** Lists by name, or axes. */
  parameters?: Record<string, readonly Value[] | Axis>;
  combine?: string;
  exclude?: Parameters[];
  include?: Parameters[];
}

function given({ parameters = {}, combine, exclude = [], include = [] }: Given): Space {
  return space({
    axes: Object.entries(parameters).map(([name, values]) =>
      "length" in values && "label" in values ? values : listAxis(name, values),
    ),
    combination: combine === undefined ? null : parseCombination(combine),
    exclude,
    include,
  });
}

const parametersOf = (space: Space) => Array.from(space.points(), (point) => point.parameters);
/** Points as `1a`, `2b`: their values without names. */
const shorthand = (space: Space) =>
  parametersOf(space).map((point) => Object.values(point).join(""));

const A = [1, 2, 3];
const B = [10, 11, 12];
const C = [20, 21];
const D = ["a", "b", "c"];

describe("combinations", () => {
  it("multiply all parameters in file order, the first slowest", () => {
    expect(shorthand(given({ parameters: { C, D } }))).toEqual([
      "20a",
      "20b",
      "20c",
      "21a",
      "21b",
      "21c",
    ]);
  });

  it.each<[string, Parameters[]]>([
    // The table of OpenJD's specification.
    [
      "A * C",
      [
        { A: 1, C: 20 },
        { A: 1, C: 21 },
        { A: 2, C: 20 },
        { A: 2, C: 21 },
        { A: 3, C: 20 },
        { A: 3, C: 21 },
      ],
    ],
    [
      "(A, B)",
      [
        { A: 1, B: 10 },
        { A: 2, B: 11 },
        { A: 3, B: 12 },
      ],
    ],
    [
      "(A, B) * C",
      [
        { A: 1, B: 10, C: 20 },
        { A: 1, B: 10, C: 21 },
        { A: 2, B: 11, C: 20 },
        { A: 2, B: 11, C: 21 },
        { A: 3, B: 12, C: 20 },
        { A: 3, B: 12, C: 21 },
      ],
    ],
    [
      "(A, B, D)",
      [
        { A: 1, B: 10, D: "a" },
        { A: 2, B: 11, D: "b" },
        { A: 3, B: 12, D: "c" },
      ],
    ],
  ])("%s", (combine, points) => {
    const names = new Set(combine.match(/[A-D]/g));
    const all = Object.entries({ A, B, C, D });
    const parameters = Object.fromEntries(all.filter(([name]) => names.has(name)));
    expect(parametersOf(given({ parameters, combine }))).toEqual(points);
  });

  it("visit the leftmost slowest, and keep the parameters in file order", () => {
    const points = parametersOf(given({ parameters: { C, D: ["a", "b"] }, combine: "D * C" }));
    expect(points).toEqual([
      { C: 20, D: "a" },
      { C: 21, D: "a" },
      { C: 20, D: "b" },
      { C: 21, D: "b" },
    ]);
    expect(points.map((point) => Object.keys(point))).toEqual(Array(4).fill(["C", "D"]));
  });

  it("put products side by side with lists", () => {
    const parameters = { A, C, E: rangeAxis("E", "1-6") };
    expect(shorthand(given({ parameters, combine: "(A * C, E)" }))).toEqual([
      "1201",
      "1212",
      "2203",
      "2214",
      "3205",
      "3216",
    ]);
  });

  it("take a table as one parameter, its columns at its place", () => {
    const cases = tableAxis(
      "cases",
      ["x", "y"],
      [
        [1, "p"],
        [2, "q"],
        [3, "p"],
      ],
    );
    const all = given({ parameters: { C, cases, D } });
    expect(all.names).toEqual(["C", "x", "y", "D"]);
    expect(all.count).toBe(18);
    const zipped = given({ parameters: { C, cases, D }, combine: "(cases, D) * C" });
    expect(shorthand(zipped).slice(0, 3)).toEqual(["201pa", "211pa", "202qb"]);
    expect(zipped.dimensions.map(({ names, length }) => [names, length])).toEqual([
      [["x", "y", "D"], 3],
      [["C"], 2],
    ]);
  });

  it("let a table be called as one of its columns", () => {
    const x = tableAxis("x", ["x", "y"], [[1, 2]]);
    expect(parametersOf(given({ parameters: { x, C }, combine: "C * x" }))).toHaveLength(2);
  });

  it.each<[string, string, number, string]>([
    ["(A, C)", "only lists of one length go side by side: A has 3 values, C 2", 0, "equally long"],
    ["C * (A, B, C * D)", "combine has C twice", 11, "exactly once"],
    [
      "D * (A * C, B)",
      "only lists of one length go side by side: A * C has 6 values, B 3",
      4,
      "multiply them with *",
    ],
    ["A * B * C", "combine leaves out D", 0, "add * D"],
    ["A", "combine leaves out B, C, D", 0, "add * B * C * D"],
    ["A * B * C * E * D", "combine names E, which is no parameter", 12, "are A, B, C, D"],
  ])("refuse %s: %s", (combine, message, offset, hint) => {
    const error = failure(SpaceError, () => given({ parameters: { A, B, C, D }, combine }));
    expect(error.message).toBe(message);
    expect(error.place).toEqual({ part: "combine", offset });
    expect(error.hint).toContain(hint);
  });

  it("refuse more draws side by side than can be compared, before drawing", () => {
    const normal = (name: string) => sampleAxis(name, { distribution: "normal" }, 5000, 42);
    const parameters = { a: normal("a"), b: normal("b"), c: normal("c"), d: normal("d") };
    const error = failure(SpaceError, () => given({ parameters, combine: "(a * b, c * d)" }));
    expect(error.message).toBe("parameters with draws side by side have more than 16777216 values");
    const numbered = { a: normal("a"), b: normal("b"), n: rangeAxis("n", "1-25000000") };
    const points = given({ parameters: numbered, combine: "(a * b, n)" });
    expect([...points.points(24_999_999)]).toMatchObject([
      { parameters: { n: 25_000_000 }, ordinal: 0 },
    ]);
  });

  it("refuse a table's column, naming the table", () => {
    const cases = tableAxis("cases", ["x", "y"], [[1, 2]]);
    const error = failure(SpaceError, () => given({ parameters: { A, cases }, combine: "A * x" }));
    expect(error.message).toBe("combine names x, a column of the table cases");
    expect(error.hint).toBe("name the table: cases");
  });

  it.each<[string, Axis[], string, number]>([
    [
      "a column named like a parameter",
      [listAxis("x", A), tableAxis("cases", ["x"], [[1]])],
      "x is a parameter and also a column of the table cases",
      1,
    ],
    [
      "columns of two tables with one name",
      [tableAxis("one", ["x"], [[1]]), tableAxis("two", ["y", "x"], [[1, 2]])],
      "x is a column of the table one and also a column of the table two",
      1,
    ],
    ["a name of digits", [listAxis("7", A)], '"7" cannot be a parameter\'s name', 0],
    ["a name that objects hide", [listAxis("__proto__", A)], '"__proto__" cannot be', 0],
  ])("refuse %s", (_, axes, message, index) => {
    const error = failure(SpaceError, () =>
      space({ axes, combination: null, exclude: [], include: [] }),
    );
    expect(error.message).toContain(message);
    expect(error.place).toEqual({ part: "axis", index });
  });

  it("refuse more points than a number can count", () => {
    const parameters = { a: rangeAxis("a", "1-1000000000"), b: rangeAxis("b", "1-10000000") };
    const error = failure(SpaceError, () => given({ parameters }));
    expect(error.message).toBe(
      "the parameters multiply to about 1.0e+16 points, more than can be counted",
    );
    expect(error.place).toBeNull();
  });
});

describe("GitHub's documented matrices", () => {
  it("two variables: six combinations, in the documented order", () => {
    const matrix = given({
      parameters: { version: [10, 12, 14], os: ["ubuntu-latest", "windows-latest"] },
    });
    expect(parametersOf(matrix)).toEqual([
      { version: 10, os: "ubuntu-latest" },
      { version: 10, os: "windows-latest" },
      { version: 12, os: "ubuntu-latest" },
      { version: 12, os: "windows-latest" },
      { version: 14, os: "ubuntu-latest" },
      { version: 14, os: "windows-latest" },
    ]);
  });

  it("fruit and animals: six combinations", () => {
    const matrix = given({
      parameters: { fruit: ["apple", "pear"], animal: ["cat", "dog"] },
      include: [
        { color: "green" },
        { color: "pink", animal: "cat" },
        { fruit: "apple", shape: "circle" },
        { fruit: "banana" },
        { fruit: "banana", animal: "cat" },
      ],
    });
    expect(parametersOf(matrix)).toEqual([
      { fruit: "apple", animal: "cat", color: "pink", shape: "circle" },
      { fruit: "apple", animal: "dog", color: "green", shape: "circle" },
      { fruit: "pear", animal: "cat", color: "pink" },
      { fruit: "pear", animal: "dog", color: "green" },
      { fruit: "banana" },
      { fruit: "banana", animal: "cat" },
    ]);
    expect(matrix.names).toEqual(["fruit", "animal", "color", "shape"]);
  });

  it("expanding configurations: one of four jobs gets npm", () => {
    const matrix = given({
      parameters: { os: ["windows-latest", "ubuntu-latest"], node: [14, 16] },
      include: [{ os: "windows-latest", node: 16, npm: 6 }],
    });
    expect(parametersOf(matrix)).toEqual([
      { os: "windows-latest", node: 14 },
      { os: "windows-latest", node: 16, npm: 6 },
      { os: "ubuntu-latest", node: 14 },
      { os: "ubuntu-latest", node: 16 },
    ]);
  });

  it("adding configurations: a tenth job", () => {
    const matrix = given({
      parameters: {
        os: ["macos-latest", "windows-latest", "ubuntu-latest"],
        version: [12, 14, 16],
      },
      include: [{ os: "windows-latest", version: 17 }],
    });
    expect(matrix.count).toBe(10);
    expect(parametersOf(matrix).at(-1)).toEqual({ os: "windows-latest", version: 17 });
  });

  it("adding configurations with values that are in no combination", () => {
    const matrix = given({
      parameters: { os: ["ubuntu-latest"], perl: ["5.16", "5.20", "5.26", "5.30", "latest"] },
      include: [
        { os: "macos-latest", perl: "5.26" },
        { os: "macos-latest", perl: "latest" },
      ],
    });
    expect(matrix.count).toBe(7);
  });

  it("include alone: a job for each entry", () => {
    const include = [
      { site: "production", datacenter: "site-a" },
      { site: "staging", datacenter: "site-b" },
    ];
    expect(parametersOf(given({ include }))).toEqual(include);
  });

  it("exclude: nine jobs of twelve", () => {
    const matrix = given({
      parameters: {
        os: ["macos-latest", "windows-latest"],
        version: [12, 14, 16],
        environment: ["staging", "production"],
      },
      exclude: [
        { os: "macos-latest", version: 12, environment: "production" },
        { os: "windows-latest", version: 16 },
      ],
    });
    expect(matrix.count).toBe(9);
    expect(parametersOf(matrix)).not.toContainEqual(
      expect.objectContaining({ os: "windows-latest", version: 16 }),
    );
    expect(parametersOf(matrix)).toContainEqual({
      os: "macos-latest",
      version: 12,
      environment: "staging",
    });
  });
});

describe("exclude and include", () => {
  const parameters = { a: [1, 2], b: ["x", "y"] };

  it("compare with types", () => {
    const mixed = { a: [1, "1", true, "true"] };
    expect(parametersOf(given({ parameters: mixed, exclude: [{ a: "1" }, { a: true }] }))).toEqual([
      { a: 1 },
      { a: "true" },
    ]);
    expect(
      shorthand(
        given({
          parameters: mixed,
          include: [
            { a: "1", c: 0 },
            { a: 1.0, c: 9 },
          ],
        }),
      ),
    ).toEqual(["19", "10", "true", "true"]);
  });

  it("exclude what include added first can be added back", () => {
    const points = given({ parameters, exclude: [{ a: 1 }], include: [{ a: 1, b: "y" }] });
    expect(shorthand(points)).toEqual(["2x", "2y", "1y"]);
  });

  it("an entry equal to a point adds nothing", () => {
    expect(shorthand(given({ parameters, include: [{ a: 1, b: "x" }, { b: "y" }] }))).toEqual([
      "1x",
      "1y",
      "2x",
      "2y",
    ]);
  });

  it("an entry of new keys alone is a point of its own where no combination is left", () => {
    const points = given({
      parameters,
      exclude: [{ a: 1 }, { a: 2 }],
      include: [{ c: 1 }, { c: 2 }],
    });
    expect(parametersOf(points)).toEqual([{ c: 1 }, { c: 2 }]);
  });

  it("points of their own keep the sweep's order of names", () => {
    const points = given({ parameters, include: [{ d: 0, b: "z", a: 1 }] });
    expect(Object.keys(parametersOf(points).at(-1) ?? {})).toEqual(["a", "b", "d"]);
  });

  it("equal points of their own are told apart by ordinals", () => {
    const points = [...given({ include: [{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 2 }] }).points()];
    expect(points.map((point) => point.ordinal)).toEqual([0, 1, 0]);
  });

  it("reach into tables and side-by-side lists", () => {
    const cases = tableAxis(
      "cases",
      ["x", "y"],
      [
        [1, "p"],
        [2, "q"],
        [3, "p"],
      ],
    );
    const points = given({
      parameters: { cases, D, C },
      combine: "(cases, D) * C",
      exclude: [{ y: "p", C: 20 }],
      include: [
        { D: "a", z: 0 },
        { y: "q", D: "a" },
      ],
    });
    expect(shorthand(points)).toEqual(["1pa210", "2qb20", "2qb21", "3pc21", "qa"]);
  });

  it("match all equal draws", () => {
    const draw = sampleAxis("a", { distribution: "constant", value: 1 }, 3, 42);
    const points = given({ parameters: { draw, b: ["x", "y"] }, exclude: [{ a: 1, b: "x" }] });
    expect(shorthand(points)).toEqual(["1y", "1y", "1y"]);
  });

  it.each<[string, Given, SpaceError["place"], string]>([
    [
      "exclude names c, which is no parameter",
      { parameters, exclude: [{ a: 1 }, { a: 1, c: 1 }] },
      { part: "exclude", index: 1, key: "c" },
      "the parameters are a, b",
    ],
    [
      "exclude names c, which is no parameter",
      { parameters, exclude: [{ c: 1 }], include: [{ c: 1 }] },
      { part: "exclude", index: 0, key: "c" },
      "include comes after exclude",
    ],
    [
      "an empty entry excludes every point",
      { parameters, exclude: [{}] },
      { part: "exclude", index: 0, key: null },
      "",
    ],
    [
      "an empty entry includes nothing",
      { parameters, include: [{ a: 1 }, {}] },
      { part: "include", index: 1, key: null },
      "",
    ],
    [
      '"0" cannot be a parameter\'s name',
      { parameters, include: [{ "0": 1 }] },
      { part: "include", index: 0, key: "0" },
      "starts with a letter",
    ],
    [
      "exclude leaves no point",
      { parameters, exclude: [{ a: 1 }, { a: 2 }] },
      null,
      "remove an entry",
    ],
    ["a sweep without parameters and include has no points", {}, null, ""],
  ])("refuse: %s", (message, wrong, place, hint) => {
    const error = failure(SpaceError, () => given(wrong));
    expect(error.message).toBe(message);
    expect(error.place).toEqual(place);
    expect(error.hint ?? "").toContain(hint);
  });
});

describe("excluding at scale", () => {
  it("counts entries that cross each other in every way", () => {
    const seeds = Array.from({ length: 300 }, (_, at) => at + 1);
    const points = given({
      parameters: { a: rangeAxis("a", "1-1000"), b: rangeAxis("b", "1-1000"), c: ["x", "y"] },
      exclude: seeds.flatMap((seed) => [
        { a: seed, b: seed },
        { b: seed + 500 },
        { a: seed, c: "x" },
      ]),
    });
    const c = { x: 700 * 700, y: 1000 * 700 - 300 };
    expect(points.count).toBe(c.x + c.y);
  });

  it("takes thousands of parameters", () => {
    const names = Array.from({ length: 5000 }, (_, at) => `p${at}`);
    const parameters = Object.fromEntries(names.map((name) => [name, [0, 1]]));
    const combine = `(${names.join(", ")})`;
    const zipped = given({
      parameters,
      combine,
      exclude: [{ p4999: 1 }],
      include: [{ p0: 0, x: 1 }],
    });
    expect(zipped.count).toBe(1);
    const single = Object.fromEntries(names.map((name) => [name, [0]]));
    const include = [{ p4999: 1, p0: 0 }];
    expect(
      given({ parameters: { ...single, last: [0, 1] }, exclude: [{ last: 1 }], include }).count,
    ).toBe(2);
  });

  it("refuses what would take as many steps as there are points, with a remedy", () => {
    const names = Array.from({ length: 20 }, (_, at) => String.fromCharCode(97 + at));
    const pairs = names.map((name) => [name, name.toUpperCase()] as const);
    const parameters = Object.fromEntries(
      [...names, ...names.map((name) => name.toUpperCase())].map((name) => [name, [0, 1]]),
    );
    const exclude = pairs.map(([one, two]) => ({ [one]: 1, [two]: 1 }));
    const error = failure(SpaceError, () => given({ parameters, exclude }));
    expect(error.message).toContain("exclude ties together parameters too far apart");
    const combine = pairs.map(([one, two]) => `${one} * ${two}`).join(" * ");
    expect(given({ parameters, combine, exclude }).count).toBe(3 ** 20);
  });

  it("refuses to list the values that an entry fits by the hundred million", () => {
    const parameters = {
      a: [1, 2],
      b: rangeAxis("b", "1-500000000"),
      c: rangeAxis("c", "1-1000000000"),
    };
    const combine = "(a * b, c)";
    expect(given({ parameters, combine, exclude: [{ b: 1 }] }).count).toBe(999_999_998);
    const error = failure(SpaceError, () => given({ parameters, combine, exclude: [{ a: 1 }] }));
    expect(error.message).toContain("fits more than 16777216 values of a");
  });
});

describe("equal draws", () => {
  it("are numbered in the order of the points", () => {
    const draw = sampleAxis("a", { distribution: "int_uniform", min: 0, max: 1 }, 5, 42);
    const points = [...given({ parameters: { s: ["x", "y"], draw } }).points()];
    const seen: Record<string, number> = {};
    for (const { parameters, ordinal } of points) {
      const key = JSON.stringify(parameters);
      expect(ordinal).toBe(seen[key] ?? 0);
      seen[key] = ordinal + 1;
    }
    expect(Object.keys(seen)).toHaveLength(4);
  });

  it("are told apart by what stands beside them", () => {
    const a = sampleAxis("a", { distribution: "constant", value: 0 }, 4, 42);
    const b = sampleAxis("b", { distribution: "q_normal" }, 4, 42);
    const ordinals = (combine: string, more = {}) =>
      Array.from(
        given({ parameters: { a, b, ...more }, combine }).points(),
        (point) => point.ordinal,
      );
    const values = [0, 1, 2, 3].map((at) => b.value(at, 0));
    expect(ordinals("(a, b)")).toEqual(
      values.map((value, at) => values.slice(0, at).filter((other) => other === value).length),
    );
    expect(ordinals("(a, b, c)", { c: listAxis("c", [1, 2, 3, 4]) })).toEqual([0, 0, 0, 0]);
  });
});

describe("a space", () => {
  const billions = given({
    parameters: {
      a: rangeAxis("a", "1-1000000"),
      b: linspaceAxis("b", 0, 1, 1001),
      c: ["x", "y", "z"],
    },
    exclude: [{ a: 1 }, { a: 500_000, c: "y" }, { b: 0.5, c: "z" }],
    include: [
      { a: 1_000_000, d: 1 },
      { a: 0, b: 0, c: "x" },
    ],
  });

  it("counts without visiting, whatever is excluded", () => {
    expect(billions.count).toBe(1_000_000 * 1001 * 3 - 1001 * 3 - 1001 - 999_999 + 1);
  });

  it("starts anywhere without visiting what is before", () => {
    const { count } = billions;
    expect([...billions.points(count - 3)]).toEqual([
      { index: count - 3, parameters: { a: 1_000_000, b: 1, c: "y", d: 1 }, ordinal: 0 },
      { index: count - 2, parameters: { a: 1_000_000, b: 1, c: "z", d: 1 }, ordinal: 0 },
      { index: count - 1, parameters: { a: 0, b: 0, c: "x" }, ordinal: 0 },
    ]);
    expect([...billions.points(0, 1)]).toEqual([
      { index: 0, parameters: { a: 2, b: 0, c: "x" }, ordinal: 0 },
    ]);
  });

  it("knows the first point that lacks a parameter", () => {
    expect(billions.lacking("a")).toBeNull();
    expect(billions.lacking("d")?.parameters).toEqual({ a: 2, b: 0, c: "x" });
    expect(billions.lacking("e")?.index).toBe(0);
    const parameters = { a: [1, 2, 3] };
    const include = [{ d: 0 }, { a: 2, e: 0 }, { a: 1, e: 0 }];
    const some = given({ parameters, include });
    expect([some.lacking("d"), some.lacking("e")?.index]).toEqual([null, 2]);
    const alone = given({ parameters, include: [...include, { a: 4, d: 1 }, { a: 5 }] });
    expect(alone.lacking("d")).toEqual({ index: 4, parameters: { a: 5 }, ordinal: 0 });
  });

  it.each([
    [0, 3, [0, 1, 2]],
    [2, 2, []],
    [3, 2, []],
    [-5, 2, [0, 1]],
    [4, 100, [4, 5]],
    [6, 7, []],
  ])("from %i to %i gives the points %j", (from, to, indices) => {
    const six = given({ parameters: { C, D } });
    expect(Array.from(six.points(from, to), (point) => point.index)).toEqual(indices);
  });

  it("gives each point an object of its own, and one object however often it is asked", () => {
    const cursor = given({ parameters: { C }, include: [{ C: 0 }, { C: 0 }] }).cursor();
    const seen = new Set<Parameters>();
    while (cursor.next()) {
      seen.add(cursor.parameters());
      expect(cursor.parameters()).toBe(cursor.parameters());
    }
    expect(seen.size).toBe(4);
    expect(cursor.next()).toBe(false);
  });

  it("tells the points of include's own from combined ones, whose positions it gives", () => {
    const include = [{ D: "b", e: 0 }, { C: 20 }, { C: 0 }];
    const cursor = given({ parameters: { C, D }, include }).cursor();
    const combined: string[] = [];
    const own: Parameters[] = [];
    while (cursor.next()) {
      if (cursor.combined) combined.push(cursor.positions.join(""));
      else own.push(cursor.parameters());
    }
    expect(combined).toEqual(["00", "01", "02", "10", "11", "12"]);
    expect(own).toEqual([{ C: 0 }]);
  });
});
