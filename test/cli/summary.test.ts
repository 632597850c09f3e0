import { expect, it } from "vitest";
import { costLine, isWhole, summaryText } from "../../src/cli/summary.ts";
import type { RunSummary } from "../../src/run/summary.ts";

const none = {
  pending: 0,
  running: 0,
  succeeded: 0,
  failed: 0,
  "timed-out": 0,
  idle: 0,
  oom: 0,
  lost: 0,
  cancelled: 0,
};
const summary = (changes: Partial<RunSummary>): RunSummary => ({
  run: "abcdefghij",
  folder: "/runs/pi",
  engine: "docker",
  counts: { ...none, succeeded: 60 },
  cached: 0,
  seconds: 12,
  failures: [],
  exports: ["/runs/pi/results.csv", "/runs/pi/results.jsonl"],
  interrupted: null,
  remarks: { count: 0, first: [] },
  finish: [],
  report: null,
  cost: null,
  stopped: null,
  ...changes,
});
const failure = (name: string, lastLines: readonly string[]) => ({
  index: 0,
  name,
  status: "failed" as const,
  reason: "exit code 3",
  log: `/runs/pi/logs/${name}/1.txt`,
  lastLines,
});

it("tells of a run in which everything succeeded, and where its results are", () => {
  expect(summaryText(summary({ cached: 20, report: "/runs/pi/report.html" }))).toBe(
    [
      "All 60 points succeeded, in 12 s (docker)",
      "  succeeded  60  (20 from earlier runs)",
      "",
      "results  /runs/pi/results.csv, /runs/pi/results.jsonl",
      "outputs  /runs/pi/points",
      "logs     /runs/pi/logs",
      "report   /runs/pi/report.html",
    ].join("\n"),
  );
});

it("says of an interrupted run how its report is made", () => {
  expect(summaryText(summary({ interrupted: "SIGINT" }))).toContain(
    "\nreport   sim-pipeline report /runs/pi makes it of what finished",
  );
  expect(summaryText(summary({}))).not.toContain("report ");
});

it("names each failed point with its reason and the end of its log, equal ends once", () => {
  const failures = [
    failure("a", ["one", "two"]),
    failure("b", ["one", "two"]),
    failure("c", []),
    { ...failure("d", []), log: null, reason: null },
  ];
  const text = summaryText(summary({ counts: { ...none, succeeded: 56, failed: 4 }, failures }));
  expect(text.split("\n").slice(0, -4)).toEqual([
    "56 of 60 points succeeded, in 12 s (docker)",
    "  succeeded  56",
    "  failed      4",
    "",
    "a failed: exit code 3",
    "  | one",
    "  | two",
    "  log: /runs/pi/logs/a/1.txt",
    "",
    "b failed: exit code 3",
    "  (the same lines)",
    "  log: /runs/pi/logs/b/1.txt",
    "",
    "c failed: exit code 3",
    "  log: /runs/pi/logs/c/1.txt",
    "",
    "d failed",
  ]);
});

it("says how to see the failures that it does not list", () => {
  const text = summaryText(
    summary({ counts: { ...none, failed: 30, oom: 8 }, failures: [failure("a", [])] }),
  );
  expect(text).toContain("37 more failed points: sim-pipeline status /runs/pi --failed");
});

it("says how to go on after an interruption, and why nothing more was started", () => {
  const text = summaryText(
    summary({
      counts: { ...none, succeeded: 1, cancelled: 2, pending: 57 },
      stopped: "1 point failed (on-failure)",
    }),
  );
  expect(text).toContain("1 point failed (on-failure)");
  expect(text).toContain("59 points did not end: the same command runs what is missing.");
});

it("lets no log line move the cursor", () => {
  const text = summaryText(
    summary({ counts: { ...none, failed: 1 }, failures: [failure("a", ["\x1b[2Jx\x07\ty"])] }),
  );
  expect(text).toContain("  | x  y");
});

const step = {
  ...{ index: 0, kind: "video" as const, key: "k", status: "succeeded" as const, cached: false },
  ...{ seconds: 1.234, reason: null, log: "finish-logs/0-video/1.txt" },
  files: [{ path: "movie.mp4", size: 1, sha256: "00" }],
};

it("names what finish steps made, and those that did not succeed with their logs", () => {
  const failed = {
    ...{ ...step, index: 1, kind: "tiles" as const, status: "failed" as const, files: null },
    ...{ reason: "1 of 4 tiles are missing:\n  point a\x1b[2J", log: "finish-logs/1-tiles/2.txt" },
  };
  const text = summaryText(summary({ finish: [step, failed] }));
  expect(text.split("\n").slice(2)).toEqual([
    "",
    "finish step 2, tiles failed: 1 of 4 tiles are missing:",
    "  point a",
    "  log: /runs/pi/finish-logs/1-tiles/2.txt",
    "",
    "results  /runs/pi/results.csv, /runs/pi/results.jsonl",
    "outputs  /runs/pi/points",
    "logs     /runs/pi/logs",
    "finish   /runs/pi/finish/movie.mp4",
  ]);
});

it.each([
  { title: "all succeeded", changes: { finish: [step] }, whole: true },
  {
    title: "a step is pending",
    changes: { finish: [{ ...step, status: "pending" as const }] },
    whole: false,
  },
  {
    title: "a step failed",
    changes: { finish: [{ ...step, status: "failed" as const }] },
    whole: false,
  },
  {
    title: "a point failed",
    changes: { counts: { ...none, failed: 1 }, finish: [step] },
    whole: false,
  },
])("a run is whole or not where $title", ({ changes, whole }) => {
  expect(isWhole(summary(changes))).toBe(whole);
});

const cost = { machines: 1, amount: 1.234, currency: "USD", seconds: 600, open: false };

it.each([
  ["one machine", cost, "$1.23 for 1 machine, 10 min 00 s"],
  ["several", { ...cost, machines: 3 }, "$1.23 for 3 machines, 10 min 00 s together"],
  ["no price", { ...cost, amount: null }, "unknown for 1 machine, 10 min 00 s"],
  [
    "one that is rented still",
    { ...cost, open: true },
    "$1.23 for 1 machine, 10 min 00 s, and not given back yet: `sim-pipeline machines ls`",
  ],
])("says what machines cost: %s", (_, given, text) => {
  expect(costLine(given)).toBe(text);
});

it("names the cost among where things are", () => {
  expect(summaryText(summary({ cost })).split("\n").at(-1)).toBe(
    "cost     $1.23 for 1 machine, 10 min 00 s",
  );
});
