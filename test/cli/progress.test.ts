import { describe, expect, it } from "vitest";
import {
  advance,
  cut,
  liveLines,
  mark,
  newProgress,
  plannedLine,
  progressLine,
} from "../../src/cli/progress.ts";
import type { RunEvent } from "../../src/run/events.ts";
import type { Status } from "../../src/sweep/sweep.ts";

const planned = (todo: number, cached = 0): Extract<RunEvent, { type: "planned" }> => ({
  type: "planned",
  run: "abcdefghij",
  folder: "/runs/pi",
  engine: "docker",
  image: "pi@sha256:00",
  points: todo + cached,
  cached,
  todo,
  workers: 2,
});
const started: RunEvent = { type: "started", index: 0, name: "a", attempt: 1, worker: 0 };
const ended = (
  status: Status,
  { again = false, reason = null }: { again?: boolean; reason?: string | null } = {},
): RunEvent => ({
  type: "ended",
  index: 0,
  name: "a",
  attempt: 1,
  status,
  reason,
  seconds: 1,
  again,
});

/** At $3.60 an hour the first minute, which is charged whole, costs 6 cents. */
const rented = {
  name: "sim-abcdefghij-0",
  provider: "digitalocean",
  size: "c-2",
  region: "nyc3",
  cpus: 2,
  pricePerHour: 3.6,
  currency: "USD",
  minimumSeconds: 60,
  minimumCost: 0.01,
  created: 0,
  gone: null,
  ahead: 0,
};

/** The progress after events of which the first came at 0 and the others now. */
function progressAfter(events: readonly RunEvent[], now = 10_000) {
  const progress = newProgress(0);
  events.forEach((event, i) => {
    advance(progress, event, i === 0 ? 0 : now);
  });
  mark(progress, now);
  return progress;
}

const MIB = 2 ** 20;

const moving = (
  direction: "up" | "down",
  index: number,
  bytes: number,
  ended = false,
): RunEvent => ({ type: "transfer", index, name: `p${index}`, direction, bytes, ended });

const lineOf = (events: readonly RunEvent[], now = 10_000) =>
  progressLine(progressAfter(events, now), now);

const times = (count: number, ...events: RunEvent[]) =>
  Array.from({ length: count }, () => events).flat();

describe("the line says what is known, and leaves out what is zero", () => {
  it.each<[string, readonly RunEvent[], string]>([
    ["before anything", [], "preparing (10 s)"],
    [
      "while the image is built",
      [{ type: "building", line: "Step 1" }],
      "building the image (10 s)",
    ],
    ["planned", [planned(60)], "0/60 done"],
    ["with earlier results", [planned(40, 20)], "20/60 done"],
    ["running", [planned(60), started, started], "0/60 done, running 2"],
    [
      "after some ended",
      [planned(60), ...times(20, started, ended("succeeded")), started],
      "20/60 done, running 1, 2.0/s, ETA 20 s",
    ],
    [
      "the rate counts nothing that was done before",
      [planned(40, 20), ...times(20, started, ended("succeeded"))],
      "40/60 done, 2.0/s, ETA 10 s",
    ],
    [
      "after failures",
      [planned(4), started, ended("failed"), started, ended("oom")],
      "2/4 done, failed 2, 12/min, ETA 10 s",
    ],
    [
      "a point that runs again has not ended",
      [planned(4), started, ended("timed-out", { again: true })],
      "0/4 done, tried again 1",
    ],
    ["at the end", [planned(1), started, ended("succeeded")], "1/1 done, 6.0/min"],
    [
      "while archives are on their way to and from another machine",
      [
        planned(4),
        started,
        started,
        moving("up", 1, 2 * MIB),
        moving("down", 2, 1024 * MIB),
        moving("down", 3, 512 * MIB),
      ],
      "0/4 done, running 2, sending 2.0 MiB, fetching 1.5 GiB",
    ],
    [
      "once they have arrived",
      [planned(4), started, moving("down", 2, 1024 * MIB), moving("down", 2, 2048 * MIB, true)],
      "0/4 done, running 1",
    ],
    [
      "while the daemon is away, without a guess",
      [planned(4), started, ended("succeeded"), { type: "paused", reason: "no daemon" }],
      "1/4 done, paused: no daemon",
    ],
    [
      "once it is back",
      [planned(4), { type: "paused", reason: "no daemon" }, { type: "resumed" }],
      "0/4 done",
    ],
    [
      "while it stops, without an ETA",
      [planned(4), started, ended("succeeded"), { type: "stopping", reason: "enough" }],
      "1/4 done, stopping, 6.0/min",
    ],
    [
      "with what the machines cost by now",
      [planned(4), { type: "machines", message: "", machines: [rented] }],
      "0/4 done, $0.06 so far",
    ],
    [
      "cancelled points are neither failed nor succeeded",
      [planned(4), started, ended("cancelled")],
      "1/4 done, 6.0/min, ETA 30 s",
    ],
  ])("%s", (_title, events, line) => {
    expect(lineOf(events)).toBe(line);
  });
});

it("follows a rate that changes", () => {
  const progress = newProgress(0);
  advance(progress, planned(100_000), 0);
  let now = 0;
  const run = (count: number, step: number) => {
    for (let i = 0; i < count; i++) {
      now += step;
      advance(progress, started, now);
      advance(progress, ended("succeeded"), now);
      mark(progress, now);
    }
  };
  run(500, 100);
  expect(progressLine(progress, now)).toContain("10/s");
  run(100, 1000);
  expect(progressLine(progress, now)).toContain("1.0/s");
});

it("keeps a bounded memory of the past", () => {
  const progress = newProgress(0);
  for (let i = 0; i < 1000; i++) {
    advance(progress, started, i);
    advance(progress, ended("succeeded"), i);
    mark(progress, i);
  }
  expect(progress.marks.length).toBeLessThanOrEqual(100);
});

describe("the live display", () => {
  const failing = [
    planned(4),
    started,
    ended("failed", { reason: "exit code 3" }),
    started,
    ended("succeeded"),
  ];

  it("has a bar, and the last failure with its reason", () => {
    expect(liveLines(progressAfter(failing), 10_000, 100)).toEqual([
      "████████████░░░░░░░░░░░░  50%  2/4 done, failed 1, 12/min, ETA 10 s",
      "last failure: a failed: exit code 3",
    ]);
  });

  it("says that a failure is tried again", () => {
    const events = [planned(4), started, ended("oom", { again: true })];
    expect(liveLines(progressAfter(events), 10_000, 100)[1]).toBe(
      "last failure: a oom, trying again",
    );
  });

  it.each([70, 40, 20, 2])("fits into %d columns", (columns) => {
    for (const line of liveLines(progressAfter(failing), 10_000, columns)) {
      expect([...line].length).toBeLessThanOrEqual(columns);
    }
  });

  it("is full where there is nothing to do", () => {
    expect(liveLines(progressAfter([planned(0, 5)]), 10_000, 100)[0]).toContain("100%  5/5 done");
  });

  it("shows nothing that a simulation could use against the terminal", () => {
    const events = [planned(1), started, ended("failed", { reason: "\x1b[2Jgone\r\nnew" })];
    expect(liveLines(progressAfter(events), 10_000, 100)[1]).toBe(
      "last failure: a failed: gone new",
    );
  });
});

it.each([
  ["short", 10, "short"],
  ["exactly10!", 10, "exactly10!"],
  ["longer than that", 10, "longer th…"],
  // Two columns each.
  ["日本語", 6, "日本語"],
  ["日本語日本語", 6, "日本…"],
])("%s in %d columns is %s", (text, columns, expected) => {
  expect(cut(text, columns)).toBe(expected);
});

it("says in a line what begins, with what is left out", () => {
  expect(plannedLine({ ...planned(40, 15), points: 60 })).toBe(
    "60 points, 15 done before, 5 left out by --resume, 40 to run: docker (pi@sha256:00), " +
      "2 workers, into /runs/pi",
  );
});
