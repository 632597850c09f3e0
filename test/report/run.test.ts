import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type RunEvent, runSweep, sweepFromObject } from "../../src/index.ts";
import { temporaryFolder } from "../run/harness.ts";

const settings = {
  name: "tiny",
  process: ["node", "-e", "console.log(1)"],
  parameters: { n: [1, 2] },
  command: [],
};

async function ran(out: string) {
  const warnings: string[] = [];
  const onEvent = (event: RunEvent) => {
    if (event.type === "warning") warnings.push(event.message);
  };
  const sweep = sweepFromObject(settings, temporaryFolder());
  const summary = await runSweep({ sweep, out, engine: "process", onEvent });
  return { summary, warnings };
}

test("a run ends with its report", async () => {
  const out = join(temporaryFolder(), "run");
  const { summary, warnings } = await ran(out);
  expect([summary.report, warnings]).toEqual([join(out, "report.html"), []]);
  expect(readFileSync(join(out, "report.html"), "utf8")).toContain("<title>tiny · report</title>");
  expect(existsSync(join(out, "report.html.partial"))).toBe(false);
});

test("a report that cannot be written is a warning, and the results are whole", async () => {
  const out = join(temporaryFolder(), "run");
  mkdirSync(join(out, "report.html/in-the-way"), { recursive: true });
  const { summary, warnings } = await ran(out);
  expect([summary.report, summary.counts.succeeded]).toEqual([null, 2]);
  expect(warnings).toEqual([expect.stringContaining("There is no report of this run.")]);
  expect(existsSync(join(out, "report.html.partial"))).toBe(false);
});
