import { describe, expect, it } from "vitest";
import { choose, drawable, spansDecades } from "../../../src/report/client/axes.ts";
import { barsOf, busySeconds } from "../../../src/report/client/bars.ts";
import { metricChange } from "../../../src/report/client/metric-change.ts";
import { quantile, sample, spreads } from "../../../src/report/client/statistics.ts";
import type { AttemptData, Cell, ColumnData } from "../../../src/report/document.ts";

function column(
  heading: string,
  values: readonly Cell[],
  group: ColumnData["group"] = "parameter",
): ColumnData {
  const type = values.every((value) => typeof value === "number" || value === null)
    ? "number"
    : "string";
  return { heading, name: heading, group, type, detail: false, values };
}
const metric = column("loss", [1, 2, 3, 4], "metric");
const four = (name: string) => column(name, [1, 2, 3, 4]);
const words = column("kind", ["x", "y", "x", "y"]);

describe("what is drawn first", () => {
  const kindOf = (parameters: readonly ColumnData[]) => {
    const table = { rows: 4, moreRows: 0, moreColumns: 0, columns: [...parameters, metric] };
    const choice = choose(drawable(table), null);
    return choice && [choice.kind, choice.x.name, choice.series?.name ?? null];
  };
  it.each<[string, readonly ColumnData[], unknown]>([
    ["one parameter", [four("a")], ["line", "a", null]],
    ["one and seeds", [four("a"), four("seed")], ["line", "a", null]],
    ["seeds only", [four("random_seed")], ["line", "random_seed", null]],
    ["two", [four("a"), words], ["heat", "a", "kind"]],
    ["two and seeds", [four("a"), words, four("trial")], ["heat", "a", "kind"]],
    ["three", [four("a"), four("b"), words], ["parallel", "a", "b"]],
    ["none that varies", [column("a", [1, 1, 1, 1])], null],
  ])("%s", (_, parameters, expected) => {
    expect(kindOf(parameters)).toEqual(expected);
  });

  it("takes the axes of the job's summary, and what was measured where no metric varies", () => {
    const seconds = column("seconds", [1, 2, 1, 2], "point");
    const columns = [four("a"), four("b"), metric, seconds];
    const possible = drawable({ rows: 4, moreRows: 0, moreColumns: 0, columns });
    expect(choose(possible, { parameter: "b", metric: "loss" })?.x.name).toBe("b");
    const without = drawable({
      rows: 4,
      moreRows: 0,
      moreColumns: 0,
      columns: [four("a"), seconds],
    });
    expect(choose(without, null)?.metric.name).toBe("seconds");
  });

  it.each<[readonly number[], boolean]>([
    [[1, 10, 100], true],
    [[1000, 10_000, 100_000], true],
    [[1, 2, 3, 100], true],
    [[1, 50, 100], false],
    [[0, 1, 100], false],
    [[-100, 1, 100], false],
    [[1, 100], false],
  ])("a scale for %j is logarithmic: %s", (values, expected) => {
    expect(spansDecades(column("a", values))).toBe(expected);
  });
});

describe("spreads", () => {
  it("are the mean and the middle half of a group, without missing values", () => {
    const x = column("x", [1, 1, 1, 1, 2, 2, null]);
    const y = column("y", [1, 2, 3, 4, 7, null, 9], "metric");
    expect(spreads([0, 1, 2, 3, 4, 5, 6], x, y, null)).toEqual([
      { x: 1, series: null, count: 4, mean: 2.5, low: 1.75, high: 3.25 },
      { x: 2, series: null, count: 1, mean: 7, low: 7, high: 7 },
    ]);
    expect(spreads([0, 1], x, y, words).map(({ series, mean }) => [series, mean])).toEqual([
      ["x", 1],
      ["y", 2],
    ]);
  });
  it("tell 1 from the text 1", () => {
    expect(spreads([0, 1], column("x", [1, "1"]), metric, null)).toHaveLength(2);
  });
  it.each([
    [0, 1],
    [0.5, 2.5],
    [1, 4],
  ])("the quantile %d of 1 to 4 is %d", (part, value) => {
    expect(quantile([1, 2, 3, 4], part)).toBe(value);
  });
  it("a sample is even, and everything where there is room", () => {
    expect(sample([1, 2, 3, 4, 5, 6], 3)).toEqual([1, 3, 5]);
    expect(sample([1, 2], 3)).toEqual([1, 2]);
  });
});

describe("the timeline", () => {
  const attempts = (
    rows: readonly (readonly [
      worker: number,
      start: number,
      seconds: number | null,
      status?: number,
      attempt?: number,
    ])[],
  ): AttemptData => ({
    row: rows.map((_, i) => i),
    worker: rows.map(([worker]) => worker),
    start: rows.map(([, start]) => start),
    seconds: rows.map(([, , seconds]) => seconds),
    status: rows.map(([, , , status = 2]) => status),
    attempt: rows.map(([, , , , attempt = 1]) => attempt),
    execution: rows.map(() => 1),
    more: 0,
  });
  const drawn = (data: AttemptData, pixel: number) =>
    barsOf(data, data.row, (i) => `w${data.worker[i]}`, pixel, 100).map(
      ({ lane, start, end, count, retried }) => [lane, start, end, count, retried],
    );

  it("has a bar for each attempt that can be seen, up to now where it still runs", () => {
    expect(
      drawn(
        attempts([
          [0, 0, 10],
          [1, 0, 20],
          [0, 10, 5],
          [1, 30, null],
        ]),
        0.1,
      ),
    ).toEqual([
      ["w0", 0, 10, 1, false],
      ["w1", 0, 20, 1, false],
      ["w0", 10, 15, 1, false],
      ["w1", 30, 100, 1, false],
    ]);
  });
  it("joins what is too narrow, but no other worker, status, retry, or gap", () => {
    const data = attempts([
      [0, 0, 1],
      [0, 1, 1],
      [1, 1, 1],
      [0, 2, 1, 3],
      [0, 3, 1, 2, 2],
      [0, 4, 1, 2, 2],
      [0, 50, 1, 2, 2],
    ]);
    expect(drawn(data, 2)).toEqual([
      ["w0", 0, 2, 2, false],
      ["w1", 1, 2, 1, false],
      ["w0", 2, 3, 1, false],
      ["w0", 3, 5, 2, true],
      ["w0", 50, 51, 1, true],
    ]);
  });
  it("counts the seconds of a batch's points once", () => {
    expect(
      busySeconds(
        attempts([
          [0, 0, 10],
          [0, 0, 10],
          [0, 5, 10],
          [0, 20, 1],
        ]),
        [0, 1, 2, 3],
      ),
    ).toBe(16);
  });
});

it("a metric's change counts points that have it in both runs", () => {
  const change = metricChange({ heading: "y", a: [1, 2, 3, null, 5], b: [1, 1, 9, 4, null] });
  expect(change).toEqual({ count: 3, meanA: 2, meanB: 11 / 3, lower: 1, higher: 1, largest: 2 });
  expect(metricChange({ heading: "y", a: [1], b: [null] })).toBeNull();
});
