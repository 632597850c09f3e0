import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseChart, mermaid } from "../../src/report/job-summary-chart.ts";
import { openDatabase } from "../../src/results/database.ts";
import { runFolder } from "../../src/results/folder.ts";
import type { Metrics } from "../../src/results/metrics.ts";
import type { Parameters, Status } from "../../src/sweep/sweep.ts";

interface Point {
  readonly parameters: Parameters;
  readonly metrics: Metrics;
  readonly status: Status;
}

function row(parameters: Parameters, metrics: Metrics, status: Status = "succeeded"): Point {
  return { parameters, metrics, status };
}

function choose(points: readonly Point[]) {
  const folder = runFolder(mkdtempSync(join(tmpdir(), "chart-")));
  try {
    using database = openDatabase(folder);
    const insert = database.prepare(
      `INSERT INTO points (idx, name, key, status, parameters, ordinal, common, document, metrics, todo)
       VALUES (?1, ?1, ?1, ?, ?, 0, 0, '{}', ?, 0)`,
    );
    database.exec("BEGIN");
    points.forEach(({ parameters, metrics, status }, index) => {
      insert.run(index, status, JSON.stringify(parameters), JSON.stringify(metrics));
    });
    database.exec("COMMIT");
    return chooseChart(database);
  } finally {
    rmSync(folder.root, { recursive: true });
  }
}

describe("the chart of a sweep", () => {
  it("is the mean of the first metric by the first parameter that is a number", () => {
    const rows = [10, 2].flatMap((n) =>
      [1, 2].map((seed) => row({ method: "a", n, seed }, { note: "x", same: 1, error: n * seed })),
    );
    const chart = choose([...rows, row({ method: "a", n: 3, seed: 1 }, { error: 1000 }, "failed")]);
    expect(chart).toEqual({
      parameter: "n",
      metric: "error",
      means: [
        { label: "2", mean: 3 },
        { label: "10", mean: 15 },
      ],
      points: { least: 2, most: 2 },
    });
  });

  it("prefers a metric that does not repeat a parameter", () => {
    const points = [1, 2].map((n) => row({ n }, { n, rays: n * 10 }));
    expect(choose(points)).toMatchObject({ parameter: "n", metric: "rays" });
    const repeated = [1, 2].map((n) => row({ n }, { n }));
    expect(choose(repeated)).toMatchObject({ metric: "n" });
  });

  it("is by words where no parameter has several numbers, in the sweep's order", () => {
    const rows = ["slow", "fast"].map((method, i) => row({ n: 1, method }, { error: i }));
    expect(choose(rows)).toMatchObject({
      parameter: "method",
      means: [{ label: "slow" }, { label: "fast" }],
    });
  });

  it("joins neighbours where a parameter has many values", () => {
    const rows = Array.from({ length: 1000 }, (_, frame) => row({ frame }, { light: frame }));
    const chart = choose(rows);
    expect(chart?.means).toHaveLength(20);
    expect(chart?.means[1]).toEqual({ label: "50", mean: 74.5 });
    expect(chart?.points).toEqual({ least: 50, most: 50 });
  });

  it.each([
    ["metrics", [row({ n: 1 }, {}), row({ n: 2 }, {})]],
    ["metrics that differ", [row({ n: 1 }, { a: 1 }), row({ n: 2 }, { a: 1 })]],
    ["metrics that are numbers", [row({ n: 1 }, { a: 1 }), row({ n: 2 }, { a: "x" })]],
    ["several values", [row({ n: 1 }, { a: 1 }), row({ n: 1 }, { a: 2 })]],
    ["points", []],
    [
      "a value with a metric",
      [row({ n: 1 }, { a: 1 }), row({ n: 1 }, { a: 2 }), row({ n: 2 }, {})],
    ],
  ])("is none without %s", (_what, rows) => {
    expect(choose(rows)).toBeNull();
  });

  it("is none by words of which there are many", () => {
    const rows = Array.from({ length: 21 }, (_, i) => row({ word: `w${i}` }, { a: i }));
    expect(choose(rows)).toBeNull();
  });

  it("takes booleans by their names, and skips metrics that a point lacks", () => {
    const rows = [true, false].map((fast) => row({ fast }, { none: null, time: fast ? 1 : 2 }));
    expect(choose(rows)).toMatchObject({
      metric: "time",
      means: [
        { label: "true", mean: 1 },
        { label: "false", mean: 2 },
      ],
    });
  });

  it("takes names with quotes and dots", () => {
    const rows = [1, 2].map((n) => row({ 'a"b.c': n }, { "$[0]'": n }));
    expect(choose(rows)).toMatchObject({ parameter: 'a"b.c', metric: "$[0]'" });
  });

  it("takes names that objects have by themselves", () => {
    const rows = [1, 2].map((n) => row({ n }, n === 1 ? { constructor: 1 } : { constructor: 3 }));
    expect(choose([...rows, row({ n: 3 }, {})])?.means).toHaveLength(2);
  });
});

describe("mermaid's text", () => {
  const drawn = (values: readonly number[], names: { parameter?: string; metric?: string } = {}) =>
    mermaid({
      parameter: "n",
      metric: "error",
      ...names,
      means: values.map((mean, i) => ({ label: String(i), mean })),
      points: { least: 1, most: 1 },
    });

  it("has the axes and the line", () => {
    expect(drawn([1, 3.5])).toBe(
      'xychart-beta\n  x-axis "n" ["0", "1"]\n  y-axis "error" 0.75 --> 3.75\n  line [1, 3.5]',
    );
  });

  it.each([
    [[1e-9, 3e-9], '"error in 10^-9" 0.8 --> 3.2', "line [1, 3]"],
    [[-2e20, 4e20], '"error in 10^20" -2.6 --> 4.6', "line [-2, 4]"],
    [[0.5, 250], '"error" -24.45 --> 274.95', "line [0.5, 250]"],
  ])("writes %j without exponents", (values, axis, line) => {
    expect(drawn(values)).toContain(axis);
    expect(drawn(values)).toContain(line);
  });

  it.each([[[Infinity, 1]], [[NaN, 1]], [[1, 1 + 1e-12]]])("is none for %j", (values) => {
    expect(drawn(values)).toBeNull();
  });

  it("takes no word of a simulation for its own", () => {
    const name = fc.string({ unit: "binary", maxLength: 40 });
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(name, name, fc.array(number, { minLength: 2 }), (parameter, metric, values) => {
        const text = drawn(values, { parameter, metric });
        if (text === null) return;
        const lines = text.split("\n");
        const decimal = String.raw`-?\d+(\.\d+)?`;
        const word = String.raw`"[\p{L}\p{N} .,_+\-^()/=…]+"`;
        expect(lines).toHaveLength(4);
        expect(lines[1]).toMatch(new RegExp(`^ {2}x-axis ${word} \\[${word}(, ${word})*\\]$`, "u"));
        expect(lines[2]).toMatch(new RegExp(`^ {2}y-axis ${word} ${decimal} --> ${decimal}$`, "u"));
        expect(lines[3]).toMatch(new RegExp(`^ {2}line \\[${decimal}(, ${decimal})*\\]$`, "u"));
      }),
    );
  });
});
