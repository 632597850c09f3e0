import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { annotateFailures, type PointFailure } from "../../src/github/annotations.ts";
import { captureLog } from "./job.ts";
import { runnerReads } from "./runner.ts";

describe("annotations of a step", () => {
  let log: { text(): string };
  beforeEach(() => {
    log = captureLog();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  const failures = (count: number): PointFailure[] =>
    Array.from({ length: count }, (_, i) => ({
      name: `n${i}`,
      status: "failed",
      reason: `exit ${i}`,
    }));
  const levels = () => runnerReads(log.text()).obeyed.map(({ name }) => name);

  it("name each failed point and why", () => {
    annotateFailures([
      { name: "n=1", status: "timed-out", reason: "it ran longer than 5 s" },
      { name: "n=2", status: "oom", reason: null },
    ]);
    expect(log.text()).toBe(
      "::error title=n=1%3A timed-out::it ran longer than 5 s\n::error title=n=2%3A oom::oom\n",
    );
  });

  it.each([
    [9, 9, null],
    [10, 9, "2 more points failed or missing"],
    [1000, 9, "992 more points failed or missing"],
  ])("of %i failures are %i, since the step's own error is the tenth", (count, shown, more) => {
    annotateFailures(failures(count));
    expect(levels()).toEqual(Array(shown).fill("error"));
    if (more === null) expect(log.text()).not.toContain("more");
    else expect(log.text()).toContain(`title=${more}::`);
  });

  it("count failures of which only the first are given", () => {
    annotateFailures(failures(20), [], 500);
    expect(levels()).toHaveLength(9);
    expect(log.text()).toContain("title=492 more points failed or missing::");
    annotateFailures(failures(1), [], 3);
    expect(log.text()).toContain("title=2 more points failed or missing::");
  });

  it("say missing points by shard, before failures", () => {
    const points = Array.from({ length: 12 }, (_, i) => `n${i}`);
    annotateFailures(failures(20), [
      { shard: 3, points, why: "no artifact" },
      { shard: 5, points: ["n20"], why: "incomplete" },
    ]);
    const [first, second] = log.text().split("\n");
    expect(first).toBe(
      `::error title=Shard 3 lacks 12 points::no artifact: ${points.slice(0, 10).join(", ")} and 2 more`,
    );
    expect(second).toBe("::error title=Shard 5 lacks 1 point::incomplete: n20");
    expect(levels()).toHaveLength(9);
    expect(log.text()).toContain("14 more points failed or missing");
  });

  it("count the points, not the shards, that are left out", () => {
    const missing = Array.from({ length: 256 }, (_, shard) => ({
      shard,
      points: ["a", "b", "c"],
      why: "no artifact",
    }));
    annotateFailures(failures(5), missing);
    expect(levels()).toHaveLength(9);
    expect(log.text()).toContain(`title=${(256 - 8) * 3 + 5} more points failed or missing::`);
  });

  it("hold what a simulation says, and obey none of it", () => {
    const reason = "a\r\n::add-path::/evil\n##[set-env name=X]1\n100%0A";
    annotateFailures([{ name: "a::b,c\n::error::", status: "failed", reason }]);
    expect(log.text().trimEnd()).not.toMatch(/[\r\n]/);
    expect(runnerReads(log.text()).obeyed).toEqual([{ name: "error", data: reason }]);
  });

  it("are cut where they are long", () => {
    annotateFailures([{ name: "n", status: "failed", reason: "x".repeat(100_000) }]);
    expect(log.text().length).toBeLessThan(3000);
  });
});
