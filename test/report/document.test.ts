import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { comparisonDocument } from "../../src/report/data/comparison.ts";
import { pairsOf } from "../../src/report/data/pairs.ts";
import { runDocument } from "../../src/report/data/run.ts";
import { elapsedOf } from "../../src/report/data/timeline.ts";
import { summaryData } from "../../src/report/job-summary-data.ts";
import { writeReport } from "../../src/report/report.ts";
import { openDatabase, readDatabase } from "../../src/results/database.ts";
import { ReportedError } from "../../src/sweep/errors.ts";
import { makeReportRun, type ReportPoint, training } from "./report-run.ts";

const failed = (one: ReportPoint): ReportPoint =>
  one.name.endsWith("s1") ? { ...one, status: "failed", reason: "exit code 1", log: "no\n" } : one;

describe("the document of a run", () => {
  it("agrees with the job's summary: counts, times, failures, what is drawn", () => {
    const points = training(3, failed).map((one, i) => ({ ...one, cached: i < 2, seconds: i }));
    using run = makeReportRun({ points });
    const report = runDocument(run);
    const summary = summaryData(run.root, { seconds: 1 });
    for (const key of [
      "name",
      "counts",
      "points",
      "failed",
      "cached",
      "work",
      "engine",
      "image",
    ] as const) {
      expect(report[key], key).toEqual(summary[key]);
    }
    const { parameter, metric } = summary.chart ?? {};
    expect(report.axes).toEqual({ parameter, metric });
    expect(report.failures.map(({ name, reason }) => [name, reason])).toEqual(
      summary.failures.map(({ name, reason }) => [name, reason]),
    );
  });

  it("has the end of a failed point's log, from the beginning of a line, and says what is before", () => {
    const log = `${Array.from({ length: 5000 }, (_, i) => `line ${i}`).join("\n")}\n1 %\r99 %\n\u001b[31mend\u001b[0m`;
    using run = makeReportRun({ points: [{ name: "a b", status: "failed", log }] });
    const [failure] = runDocument(run).failures;
    expect(failure?.log).toMatch(/^line \d+\n[\s\S]*\nline 4999\n99 %\nend$/);
    expect(failure?.log?.length).toBeLessThan(8 * 1024);
    expect(failure?.cut).toBe(log.lastIndexOf(failure?.log?.split("\n")[0] ?? "?"));
    expect(failure?.href).toBe("logs/a%20b/1.txt");
  });

  it("has a log for the first failures, and no more than a thousand of them", () => {
    const points = Array.from({ length: 1200 }, (_, i) => ({
      name: `p${i}`,
      status: "failed" as const,
      ...(i < 150 ? { log: "x" } : {}),
    }));
    using run = makeReportRun({ points });
    const { failures, failed } = runDocument(run);
    expect([failures.length, failed]).toEqual([1000, 1200]);
    expect(failures.filter(({ log }) => log !== null)).toHaveLength(100);
    expect(failures[120]).toMatchObject({ log: null, href: "logs/p120/1.txt" });
  });

  it("names pictures that are there, and no other files", () => {
    const points = [
      { name: "a", pictures: ["x.png", "gone.png"] },
      { name: "b", pictures: ["notes.txt", "x.png", "clip.WEBM"] },
      { name: "c", status: "failed" as const, pictures: ["x.png"] },
    ];
    using run = makeReportRun({ points });
    rmSync(join(run.points, "a/gone.png"));
    const { paths, items } = runDocument(run).pictures;
    expect(paths).toEqual(["x.png", "clip.WEBM"]);
    expect(items).toEqual([0, 0, 1, 0, 1, 1]);
  });

  it("leaves out the columns that it has no room for, and says how many", () => {
    const metrics = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`m${i}`, "é".repeat(199)]),
    );
    const points = Array.from({ length: 200 }, (_, i) => ({ name: `p${i}`, metrics }));
    using run = makeReportRun({ points });
    const document = runDocument(run);
    expect(Buffer.byteLength(JSON.stringify(document))).toBeLessThan(15e6);
    expect(document.table.columns.length + document.table.moreColumns).toBe(208);
    expect(document.table.moreColumns).toBeGreaterThan(50);
  });

  it("shows a metric at first, but not one that repeats the parameter of its name", () => {
    const points = [1, 2].map((x) => ({
      name: `p${x}`,
      parameters: { x, y: x },
      metrics: { x, y: -x, z: x },
    }));
    using run = makeReportRun({ points });
    const shown = runDocument(run).table.columns.filter(({ detail }) => !detail);
    expect(shown.map(({ heading }) => heading)).toEqual([
      "name",
      "status",
      "seconds",
      "x",
      "y",
      "result.y",
      "z",
    ]);
  });

  it("has the finish steps with their files, and the log of one that failed", () => {
    using run = makeReportRun({ points: training(1) });
    mkdirSync(join(run.root, "finish-logs/1-sheet"), { recursive: true });
    writeFileSync(join(run.root, "finish-logs/1-sheet/1.txt"), "no picture\n");
    using database = openDatabase(run);
    const insert = database.prepare("INSERT INTO finish VALUES (?, ?, 'k', ?, 0, 2, ?, ?, ?)");
    insert.run(
      0,
      "video",
      "succeeded",
      null,
      `[{"path":"movie.mp4","size":7,"sha256":"00"}]`,
      null,
    );
    insert.run(1, "sheet", "failed", "no pictures", null, "finish-logs/1-sheet/1.txt");
    expect(runDocument(run).finish).toMatchObject([
      { kind: "video", status: "succeeded", files: [{ path: "movie.mp4", size: 7 }], log: null },
      { kind: "sheet", status: "failed", reason: "no pictures", files: [], log: "no picture\n" },
    ]);
  });

  it.each<[string, readonly [number, number | null][], number]>([
    [
      "one after the other",
      [
        [0, 10],
        [20, 25],
      ],
      15,
    ],
    [
      "beside each other",
      [
        [0, 10],
        [5, 12],
        [6, 7],
      ],
      12,
    ],
    ["killed: until its last attempt ended", [[0, null]], 3],
    ["none", [], 0],
  ])("the time of starts %s", (_, spans, expected) => {
    using run = makeReportRun({ points: [{ name: "a", seconds: 3 }], workers: 1 });
    using database = readDatabase(run);
    const executions = spans.map(([started, ended], i) => ({
      number: i + 1,
      started: 1_800_000_000 + started,
      ended: ended === null ? null : 1_800_000_000 + ended,
      engine: "docker",
      image: "",
      identity: "",
      workers: 1,
    }));
    expect(elapsedOf(database, executions)).toBe(expected);
  });
});

describe("the document of two runs", () => {
  it("has first the metrics that tell most: no constant, no parameter, nothing measured", () => {
    const points = [1, 2].map((x) => ({
      name: `p${x}`,
      parameters: { x },
      metrics: { x, constant: 7, loss: x / 2 },
      seconds: x,
    }));
    using a = makeReportRun({ points });
    using b = makeReportRun({ points });
    expect(comparisonDocument(a, b).table.metrics.map(({ heading }) => heading)).toEqual([
      "loss",
      "seconds",
      "cpu_seconds",
      "peak_memory",
      "result.x",
      "constant",
    ]);
  });

  it("pairs points by content key, else by name, each once", () => {
    const side = (points: readonly [string, string][]) => ({
      rows: points.map(([name]) => ({ name })),
      keys: points.map(([, key]) => key),
    });
    const a = side([
      ["one", "k1"],
      ["two", "k2"],
      ["three", "k3"],
      ["gone", "k4"],
    ]);
    const b = side([
      ["two", "k1"],
      ["one", "k9"],
      ["three", "k8"],
      ["new", "k7"],
    ]);
    expect(pairsOf(a, b)).toEqual([
      { a: 0, b: 0, same: true },
      // The first of A has its pair by key.
      { a: null, b: 1, same: false },
      { a: 2, b: 2, same: false },
      { a: null, b: 3, same: false },
      { a: 1, b: null, same: false },
      { a: 3, b: null, same: false },
    ]);
  });

  it("says what differs of image, command and parameters, and nothing where nothing does", () => {
    using one = makeReportRun({ points: training(2) });
    const points = training(2, (point) => ({ ...point, key: `n-${point.name}`, command: ["-v"] }));
    using other = makeReportRun({ points, image: "ghcr.io/org/made:2", identity: "sha256:22" });
    expect(comparisonDocument(one, other).changes).toEqual([
      { part: "image or program", a: "ghcr.io/org/made:1", b: "ghcr.io/org/made:2" },
      { part: "identity of its content", a: "sha256:11", b: "sha256:22" },
      { part: "command", a: "[]", b: "-v" },
    ]);
    const same = comparisonDocument(one, one);
    expect([same.changes, same.table.same.every(Boolean), same.a.base]).toEqual([[], true, ""]);
  });

  it("takes what only one of them has", () => {
    using one = makeReportRun({ points: [{ name: "a", metrics: { x: 1, word: "w" } }] });
    using other = makeReportRun({ points: [{ name: "b", metrics: { y: 2 } }] });
    const { table } = comparisonDocument(one, other);
    expect([table.names, table.statusA, table.statusB]).toEqual([
      ["b", "a"],
      [null, "succeeded"],
      ["succeeded", null],
    ]);
    expect(table.metrics.slice(0, 2)).toEqual([
      { heading: "x", a: [null, 1], b: [null, null] },
      { heading: "y", a: [null, null], b: [2, null] },
    ]);
  });
});

it("a folder without a run is told", async () => {
  using run = makeReportRun({ points: [] });
  const refused = await writeReport(join(run.root, "nothing")).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ReportedError);
  expect(refused).toMatchObject({ exitCode: 2, message: expect.stringContaining("No run in") });
});
