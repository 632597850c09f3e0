import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jobSummary, writeJobSummary } from "../../src/report/job-summary.ts";
import { type SummaryData, summaryData } from "../../src/report/job-summary-data.ts";
import { openDatabase } from "../../src/results/database.ts";
import { createRunFolder, type RunFolder, runFolder } from "../../src/results/folder.ts";
import { hostile } from "./hostile.ts";

const LIMIT = 1024 * 1024;
const NONE = {
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

function data(changes: Partial<SummaryData> = {}): SummaryData {
  return {
    name: "pi",
    seconds: 12,
    missing: [],
    artifact: { name: "pi-results", url: "https://github.com/o/r/actions/runs/7/artifacts/9" },
    workflow: { repository: "o/r", runId: 7 },
    sweep: { path: "sims/pi/sweep.yaml", params: ["n=1,2"], set: ["timeout=5 m"] },
    counts: { ...NONE, succeeded: 2 },
    points: 2,
    cached: 0,
    engine: "docker",
    image: "ghcr.io/o/pi@sha256:abc",
    cost: null,
    work: { sum: 3, cpu: 2, longest: { name: "n=2", seconds: 2 } },
    columns: [
      { heading: "name", right: false },
      { heading: "status", right: false },
      { heading: "n", right: true },
      { heading: "error", right: true },
    ],
    moreColumns: 0,
    rows: [
      ["n=1", "succeeded", 1, 0.123456789],
      ["n=2", "succeeded", 2, null],
    ],
    chart: {
      parameter: "n",
      metric: "error",
      means: [
        { label: "1", mean: 1 },
        { label: "2", mean: 2 },
      ],
      points: { least: 1, most: 1 },
    },
    failures: [],
    failed: 0,
    ...changes,
  };
}

describe("the summary of a job", () => {
  it("is this for two points that succeeded", () => {
    expect(jobSummary(data())).toBe(`## pi: all 2 points succeeded

| status | points |
| --- | ---: |
| succeeded | 2 |

Took 12 s on the engine docker, <code>ghcr&#46;io&#47;o&#47;pi&#64;sha256&#58;abc</code>.${"  "}
The points took 3.0 s together, 2.0 s of it CPU; the longest 2.0 s: <code>n&#61;2</code>.${"  "}
Results: [pi-results](<https://github.com/o/r/actions/runs/7/artifacts/9>)

### <code>error</code> by <code>n</code>

\`\`\`mermaid
xychart-beta
  x-axis "n" ["1", "2"]
  y-axis "error" 0.9 --> 2.1
  line [1, 2]
\`\`\`

### All 2 points

| name | status | <code>n</code> | <code>error</code> |
| --- | --- | ---: | ---: |
| <code>n&#61;1</code> | succeeded | 1 | 0.123457 |
| <code>n&#61;2</code> | succeeded | 2 |  |

### The same on your machine

\`\`\`sh
npx sim-pipeline run sims/pi/sweep.yaml --param n=1,2 --set 'timeout=5 m' --set image=ghcr.io/o/pi@sha256:abc
gh run download 7 --repo o/r --name pi-results
\`\`\`

`);
  });

  it.each([
    [{ succeeded: 1, failed: 1 }, "1 failed of 2 points"],
    [{ succeeded: 1, oom: 1, "timed-out": 1, pending: 2 }, "2 failed, 2 not run of 5 points"],
    [{}, "no points"],
  ])("says of %j at once: %s", (changes, verdict) => {
    const counts = { ...NONE, ...changes };
    const points = Object.values(counts).reduce((a, b) => a + b, 0);
    const failed = counts.failed + counts.oom + counts["timed-out"];
    expect(jobSummary(data({ counts, points, failed }))).toMatch(
      new RegExp(`^## pi: ${verdict}\n`),
    );
  });

  it("names missing points by shard and why, and tells them from those that did not run", () => {
    const points = Array.from({ length: 60 }, (_, i) => `n=${i}`);
    const text = jobSummary(
      data({
        counts: { ...NONE, succeeded: 2, pending: 62 },
        points: 64,
        missing: [
          { shard: 3, points, why: "no artifact" },
          { shard: 5, points: ["m"], why: "incomplete" },
        ],
      }),
    );
    expect(text).toContain("## pi: 61 missing, 1 not run of 64 points");
    expect(text).toContain("- shard 3 (no artifact): <code>n&#61;0</code>, ");
    expect(text).toContain("<code>n&#61;49</code>, 10 more\n");
    expect(text).toContain("- shard 5 (incomplete): <code>m</code>\n");
  });

  it("folds the last lines of each failed point's log", () => {
    const text = jobSummary(
      data({
        counts: { ...NONE, failed: 22 },
        points: 22,
        failed: 22,
        failures: [
          {
            index: 0,
            name: "n=1",
            status: "failed",
            reason: "exit code 1",
            log: "/x",
            lastLines: ["oh no ``` `", ""],
          },
          { index: 1, name: "n=2", status: "lost", reason: null, log: null, lastLines: [] },
        ],
      }),
    );
    expect(text).toContain(
      "### Failed points\n\n" +
        "<details><summary><code>n&#61;1</code> failed: <code>exit code 1</code></summary>\n\n" +
        "````text\noh no ``` `\n\n````\n\n</details>\n\n" +
        "- <code>n&#61;2</code> lost\n\n" +
        "And 20 more failed points: see the results.",
    );
  });

  it("says how to run the process engine's sweeps, and names an image once", () => {
    expect(jobSummary(data({ engine: "process", image: "node main.ts" }))).toContain(
      "--set 'timeout=5 m' --engine process\n",
    );
    const sweep = { path: "s.yaml", params: [], set: ["image=own:1"] };
    expect(jobSummary(data({ sweep }))).toContain("run s.yaml --set image=own:1\n");
    // An image that was built has no name to pull it by.
    const built = data({ sweep: { ...sweep, set: [] }, image: "sim-pipeline/s (sha256:ab)" });
    expect(jobSummary(built)).toContain("run s.yaml --build\n");
  });

  it("says what machines cost, where some were rented", () => {
    expect(jobSummary(data({ cost: "$0.12 for 1 machine, 10 min 00 s" }))).toContain(
      "Machines cost $0.12 for 1 machine, 10 min 00 s.",
    );
    expect(jobSummary(data())).not.toContain("Machines cost");
  });

  it("does without an artifact, a workflow and a sweep's file", () => {
    const text = jobSummary(data({ artifact: null, workflow: null, sweep: null, moreColumns: 3 }));
    expect(text).not.toMatch(/Results|On your machine|gh run/);
    expect(text).toContain("3 more columns in results.csv.");
  });

  it("loses the least valuable parts first", () => {
    const rows = Array.from({ length: 500 }, (_, i) => [`n=${i}`, "succeeded", i, i]);
    const full = data({ rows, points: 500, counts: { ...NONE, succeeded: 500 } });
    const size = (text: string) => Buffer.byteLength(text);
    const whole = jobSummary(full);
    expect(jobSummary(full, size(whole))).toBe(whole);
    const rowsOf = (text: string) => text.match(/^\| <code>n/gm)?.length ?? 0;
    expect(rowsOf(whole)).toBe(500);
    const less = jobSummary(full, size(whole) - 1);
    expect(rowsOf(less)).toBe(200);
    expect(less).toContain("300 more points in results.csv of pi-results.");
    const little = jobSummary(full, 1200);
    expect(rowsOf(little)).toBe(0);
    expect(little).toContain("mermaid");
    expect(jobSummary(full, size(little) - 1)).not.toContain("mermaid");
    expect(jobSummary(full, 450)).toContain("all 500 points succeeded");
    expect(jobSummary(full, 100)).toBe("");
  });

  it("fits and stays whole, whatever the run holds", () => {
    const lines = fc.array(hostile, { maxLength: 8 });
    const failure = fc.record({
      index: fc.nat(),
      name: hostile,
      status: fc.constantFrom("failed", "oom", "timed-out"),
      reason: fc.option(hostile),
      log: fc.constant(null),
      lastLines: lines,
    });
    const cell = fc.oneof(hostile, fc.double(), fc.constant(null), fc.boolean());
    const made = fc.record({
      failures: fc.array(failure, { maxLength: 5 }),
      rows: fc.array(fc.array(cell, { minLength: 4, maxLength: 4 }), { maxLength: 30 }),
      heading: hostile,
      missing: fc.array(
        fc.record({
          shard: fc.nat(255),
          points: fc.array(hostile, { maxLength: 5 }),
          why: hostile,
        }),
        { maxLength: 3 },
      ),
      params: fc.array(hostile, { maxLength: 3 }),
      room: fc.integer({ min: 0, max: 20_000 }),
    });
    fc.assert(
      fc.property(made, ({ failures, rows, heading, missing, params, room }) => {
        const columns = data().columns.with(3, { heading, right: false });
        const sweep = { path: "s.yaml", params, set: [] };
        const changes = { failures, failed: 30, rows, columns, missing, sweep };
        const text = jobSummary(data({ ...changes, points: 100 }), room);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(room);
        expectWhole(text);
      }),
      { numRuns: 300 },
    );
  });

  it("is below GitHub's limit for a run that would need 5 MB", () => {
    const ugly = "<b>`|`</b>\u202e@octocat #1 ".repeat(4000);
    const failures = Array.from({ length: 20 }, (_, index) => ({
      index,
      name: ugly,
      status: "failed" as const,
      reason: ugly,
      log: "/x",
      lastLines: Array(8).fill(ugly),
    }));
    const columns = Array.from({ length: 14 }, (_, i) => ({
      heading: ugly.slice(i, 200 + i),
      right: false,
    }));
    const rows = Array.from({ length: 500 }, () => columns.map(() => ugly.slice(0, 200)));
    const names = Array(200).fill(ugly);
    const missing = Array.from({ length: 256 }, (_, shard) => ({
      shard,
      points: names,
      why: ugly,
    }));
    const huge = data({
      failures,
      failed: 10_000,
      points: 10_000,
      columns,
      rows,
      missing,
      name: ugly,
    });
    const text = jobSummary(huge);
    expect(Buffer.byteLength(text)).toBeLessThan(LIMIT);
    expect(text).toContain("### Failed points");
    expectWhole(text);
    const params = [`x=${ugly}`];
    expectWhole(jobSummary({ ...huge, sweep: { path: "s.yaml", params, set: [] } }));
  });

  /** Blocks end where they should, tables have their cells, and no HTML is there but ours. */
  function expectWhole(text: string): void {
    let fence = "";
    let cells = 0;
    let open = 0;
    for (const line of text.split("\n")) {
      if (fence !== "") {
        if (line === fence) fence = "";
        else expect(line.startsWith(fence)).toBe(false);
        continue;
      }
      fence = /^`{3,}/.exec(line)?.[0] ?? "";
      if (fence !== "") continue;
      const tags = line.match(/<[^>]*>?/g) ?? [];
      for (const tag of tags) {
        expect(tag).toMatch(/^<(\/?code|\/?details|\/?summary|https:\/\/github\.com\/[\w/.-]*)>$/);
      }
      open += (line.match(/<details>/g) ?? []).length - (line.match(/<\/details>/g) ?? []).length;
      const count = line.startsWith("|") ? line.split("|").length : 0;
      if (cells > 0 && count > 0) expect(count).toBe(cells);
      cells = count;
      const plain = line.replace(/<[^>]*>/g, "");
      if (!line.startsWith("Results:")) expect(plain).not.toMatch(/[`@[\]*_\\\u202e]|https?:/);
    }
    expect(fence).toBe("");
    expect(open).toBe(0);
  }
});

describe("what a summary takes from a run folder", () => {
  let folder: RunFolder;
  beforeEach(() => {
    folder = runFolder(mkdtempSync(join(tmpdir(), "summary-")));
    createRunFolder(folder);
  });
  afterEach(() => rmSync(folder.root, { recursive: true }));

  function fill(count: number): void {
    using database = openDatabase(folder);
    database.exec("INSERT INTO run VALUES ('id', 'pi', '2026-01-01T00:00:00Z')");
    database.exec(
      `INSERT INTO executions VALUES (1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:09Z', 1, 'h',
         'docker', 'image:1', 'sha256:0', 2)`,
    );
    const insert = database.prepare(
      `INSERT INTO points (idx, name, key, status, cached, exit_code, attempts, seconds,
         cpu_seconds, peak_memory, reason, parameters, ordinal, common, document, metrics, todo)
       VALUES (?, ?, ?, ?, ?, 0, 1, ?, 0.5, NULL, ?, ?, 0, 0, '{}', ?, 0)`,
    );
    database.exec("BEGIN");
    for (let i = 0; i < count; i++) {
      const bad = i % 10 === 9;
      const metrics = bad ? null : JSON.stringify({ error: i / 7, note: "x".repeat(300) });
      insert.run(
        i,
        `n=${i}`,
        `k${i}`,
        bad ? "failed" : "succeeded",
        i === 0 ? 1 : 0,
        i,
        bad ? "exit code 1" : null,
        JSON.stringify({ n: i }),
        metrics,
      );
    }
    database.exec("COMMIT");
  }

  it("is what it shows: counts, times, failed points first, their logs", () => {
    fill(20);
    mkdirSync(join(folder.logs, "n=9"), { recursive: true });
    writeFileSync(join(folder.logs, "n=9/1.txt"), "one\n10 %\r90 %\r\u001b[31mtwo\u001b[0m\r\n");
    const read = summaryData(folder.root, { seconds: 9 });
    expect(read).toMatchObject({
      name: "pi",
      points: 20,
      cached: 1,
      failed: 2,
      engine: "docker",
      image: "image:1",
      seconds: 9,
      missing: [],
      artifact: null,
      work: { sum: 190, cpu: 9.5, longest: { name: "n=19", seconds: 19 } },
      chart: { parameter: "n", metric: "error" },
    });
    expect(read.columns.map(({ heading }) => heading)).toEqual([
      "name",
      "status",
      "seconds",
      "n",
      "error",
      "note",
    ]);
    expect(read.rows.map(([name]) => name).slice(0, 3)).toEqual(["n=9", "n=19", "n=0"]);
    expect(String(read.rows[2]?.[5])).toHaveLength(200);
    expect(read.failures[0]).toMatchObject({ name: "n=9", lastLines: ["one", "two"] });
  });

  it("is little of a large run", () => {
    fill(10_000);
    const read = summaryData(folder.root, { seconds: 9 });
    expect(read.rows).toHaveLength(500);
    expect(read.failures).toHaveLength(20);
    expect(read.failed).toBe(1000);
    expect(Buffer.byteLength(jobSummary(read))).toBeLessThan(LIMIT);
  });

  it("is little of long lines in logs", () => {
    fill(10);
    mkdirSync(join(folder.logs, "n=9"), { recursive: true });
    writeFileSync(join(folder.logs, "n=9/1.txt"), `${"x`".repeat(50_000)}\n`.repeat(8));
    const text = jobSummary(summaryData(folder.root, { seconds: 9 }));
    expect(text.match(/^(x`)+x?…$/gm)).toHaveLength(8);
    expect(Buffer.byteLength(text)).toBeLessThan(50_000);
  });

  it("is nothing where there is no run", () => {
    expect(() => summaryData(folder.root, { seconds: 1 })).toThrow(/No run in/);
  });

  it("is appended where it fits beside what the step has written", () => {
    const file = join(folder.root, "summary.md");
    writeJobSummary(file, data());
    expect(readFileSync(file, "utf8")).toBe(jobSummary(data()));
    appendFileSync(file, "x".repeat(LIMIT - 700 - statSync(file).size));
    writeJobSummary(file, data());
    expect(statSync(file).size).toBeGreaterThan(LIMIT - 700);
    expect(statSync(file).size).toBeLessThan(LIMIT);
    appendFileSync(file, "x".repeat(LIMIT));
    const size = statSync(file).size;
    writeJobSummary(file, data());
    expect(statSync(file).size).toBe(size);
  });
});
