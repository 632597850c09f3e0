/** The report of 10,000 points with 500 pictures: made, and opened in a browser. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { launch } from "puppeteer-core";
import { makeReportRun, training } from "../test/report/report-run.ts";
import { bench } from "./lib/bench.ts";
import { inRepository, runProgram } from "./lib/processes.ts";
import { interleave } from "./lib/rounds.ts";

const POINTS = 10_000;
const PICTURES = 500;

/** Where the lab, the user or Debian has it. */
const chromium = [process.env.SIM_LAB_CHROMIUM, "/usr/bin/chromium"].find(
  (path) => path !== undefined && existsSync(path),
);

const title = `the report of ${POINTS.toLocaleString("en-US")} points with ${PICTURES} pictures`;
await bench(title, { rounds: 5 }, async (self) => {
  const points = training(Math.ceil(POINTS / 6))
    .slice(0, POINTS)
    .map((point, i) => ({
      ...point,
      metrics: { ...point.metrics, accuracy: Math.sin(i), steps: i, note: `point ${i}` },
      pictures: i % (POINTS / PICTURES) === 0 ? ["picture.png"] : [],
      ...(i % 100 === 99 ? { status: "failed" as const, log: `line\n`.repeat(5000) } : {}),
    }));
  self.say("making the run");
  using run = makeReportRun({ points, parent: self.folder });
  const report = join(run.root, "report.html");

  const make = async () => {
    const main = inRepository("bin/sim-pipeline.js");
    const { seconds } = await runProgram([process.execPath, main, "report", run.root], {
      cwd: self.folder,
    });
    return seconds;
  };
  // The script is bundled once in a checkout; the package has it.
  await make();
  const contestants = [
    { name: "sim-pipeline report, with the start of Node", missing: null, measure: make },
    {
      name: "until the page can be used, in headless Chromium",
      missing: chromium === undefined ? "apt-get install chromium" : null,
      measure: () => untilUsable(chromium ?? "", report),
    },
  ];
  const series = await interleave(contestants, { ...self, unit: "s" });
  const values = (at: number) => series[at]?.values ?? [];
  const size = statSync(report).size / 2 ** 20;
  return {
    series,
    goals: [
      { name: "made", values: values(0), unit: "s", want: { most: 5 } },
      { name: "usable", values: values(1), unit: "s", want: { most: 1 } },
      { name: "size beside its pictures", values: [size], unit: "MiB", want: { most: 15 } },
    ],
    skipped: contestants.flatMap(({ name, missing }) =>
      missing === null ? [] : [{ name, install: missing }],
    ),
    notes: [
      "Usable: from the start of the navigation until a frame with the table is painted and the " +
        "page answers.",
    ],
  };
});

/** Seconds from the start of a navigation until the page is there, painted and idle. */
async function untilUsable(executablePath: string, path: string): Promise<number> {
  const browser = await launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(path).href);
    await page.waitForSelector("html[data-ready]");
    // Behind the next frame, and behind all that waits to be run.
    const now = await page.evaluate(
      "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))",
    );
    return Number(now) / 1000;
  } finally {
    await browser.close();
  }
}
