import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runJobs } from "../../src/index.ts";
import { type Job, planJobs } from "../../src/run/jobs.ts";
import { pointsOf, read, temporaryFolder } from "./harness.ts";

const settings = { name: "jobs", process: ["sh", "-c"] };

describe("a list of jobs", () => {
  test("runs each with its own words and files, whatever their number", async () => {
    const out = temporaryFolder();
    const jobs: Job[] = [
      { name: "short", command: ["echo short > {{ output }}/a"] },
      { name: "long", command: ['echo "$1$2" > {{ output }}/a', "sh", "lo", "ng"] },
      {
        name: "file",
        command: ["cat {{ input }}/config.txt > {{ output }}/a"],
        templates: [{ to: "config.txt", text: "{{ not a placeholder }}\n" }],
      },
    ];
    const folder = temporaryFolder();
    const summary = await runJobs({ jobs, settings, folder, out, engine: "process", workers: 2 });
    expect(summary.counts.succeeded).toBe(3);
    expect(read(out, "points/short/a")).toBe("short\n");
    expect(read(out, "points/long/a")).toBe("long\n");
    expect(read(out, "points/file/a")).toBe("{{ not a placeholder }}\n");
  });

  test("resumes: only a job whose words changed runs again", async () => {
    const [folder, out] = [temporaryFolder(), temporaryFolder()];
    const run = (second: string) =>
      runJobs({
        jobs: [
          { name: "one", command: ["true"] },
          { name: "two", command: [second] },
        ],
        settings,
        folder,
        out,
        engine: "process",
      });
    await run("true");
    await run(": changed");
    expect(pointsOf(out)).toEqual(["one succeeded 1 cached", "two succeeded 1"]);
  });

  const wrong: { title: string; jobs: Job[]; settings?: object; message: RegExp }[] = [
    { title: "no job", jobs: [], message: /no points|include|empty/ },
    {
      title: "a name twice",
      jobs: [
        { name: "a", command: [] },
        { name: "a", command: [] },
      ],
      message: /a/,
    },
    { title: "an unsafe name", jobs: [{ name: "../../etc", command: [] }], message: /\.\.\/etc/ },
    {
      title: "a placeholder that no job has",
      jobs: [{ name: "a", command: ["{{ seed }}"] }],
      message: /job a: .*no parameters/,
    },
    {
      title: "parameters among the settings",
      jobs: [{ name: "a", command: [] }],
      settings: { parameters: {} },
      message: /remove parameters/,
    },
  ];
  test.each(wrong)(
    "with $title is refused before anything starts",
    ({ jobs, message, ...more }) => {
      const folder = temporaryFolder();
      expect(() => planJobs(jobs, { ...settings, ...more.settings }, folder)).toThrow(message);
      expect(existsSync(`${folder}/run.db`)).toBe(false);
    },
  );
});
