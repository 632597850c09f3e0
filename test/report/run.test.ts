import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type RunEvent, runSweep, sweepFromObject } from "../../src/index.ts";
import { runDocument } from "../../src/report/data/run.ts";
import { openDatabase, readDatabase } from "../../src/results/database.ts";
import { runFolder } from "../../src/results/folder.ts";
import { recordMachines } from "../../src/results/machines.ts";
import { temporaryFolder } from "../run/harness.ts";

const settings = {
  name: "tiny",
  process: ["node", "-e", "fs.writeFileSync(process.argv[1], '7')"],
  command: ["{{ output }}/file.txt"],
  outputs: ["file.txt"],
  parameters: { n: [1, 2] },
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

test("what machines cost is in the report", async () => {
  const out = join(temporaryFolder(), "run");
  await ran(out);
  expect(runDocument(runFolder(out)).cost).toBeNull();
  const hour = { created: 0, gone: 3_600_000, minimumSeconds: 60, minimumCost: 0.01, ahead: 0 };
  const size = { size: "c-2", region: "nyc3", cpus: 2, pricePerHour: 1.5, currency: "USD" };
  {
    using database = openDatabase(runFolder(out));
    recordMachines(database, [{ name: "a", provider: "digitalocean", ...size, ...hour }]);
  }
  expect(runDocument(runFolder(out)).cost).toBe("$1.50 for 1 machine, 1 h 00 min");
});

test("the report's command makes the same points again", async () => {
  const folder = temporaryFolder();
  const file = "name: tiny\nprocess: [node, -e, '1']\nparameters: {n: [1, 2, 3]}\ncommand: []\n";
  writeFileSync(join(folder, "sweep.yaml"), file);
  const params = ["n=7-8", "word=it's,a b"];
  const set = ["env.X=$HOME"];
  const out = join(folder, "runs/first");
  await runSweep({ sweep: join(folder, "sweep.yaml"), params, set, out, engine: "process" });
  const [whole] = runDocument(runFolder(out)).commands;
  const again = join(folder, "runs/again");
  // A shell's own reading of it, with the command and the folder put in.
  const bin = join(import.meta.dirname, "../../bin/sim-pipeline.js");
  const text = whole?.text.replace("sim-pipeline", '"$NODE" "$BIN"');
  execFileSync("sh", ["-c", `${text}`], {
    cwd: folder,
    env: { ...process.env, NODE: process.execPath, BIN: bin },
    stdio: "pipe",
  });
  const keys = (root: string) => {
    using database = readDatabase(runFolder(root));
    return database.prepare("SELECT idx, name, key, status FROM points ORDER BY idx").all();
  };
  expect(keys(again)).toEqual(keys(out));
  expect(keys(again)).toHaveLength(4);
});

describe("the report of an earlier run", () => {
  const OLDER = "what an earlier run wrote";

  /** Runs three points, marks their report, and runs again with what is changed. */
  async function again(
    change: Record<string, unknown>,
    meanwhile: (out: string) => void = () => {},
    onEvent: (event: RunEvent) => void = () => {},
    signal = new AbortController().signal,
  ) {
    const [folder, out] = [temporaryFolder(), join(temporaryFolder(), "run")];
    const first = { ...settings, parameters: { n: [1, 2, 3] } };
    await runSweep({ sweep: sweepFromObject(first, folder), out, engine: "process" });
    writeFileSync(join(out, "report.html"), OLDER);
    meanwhile(out);
    const sweep = sweepFromObject({ ...first, ...change }, folder);
    const summary = await runSweep({ sweep, out, engine: "process", onEvent, signal });
    const path = join(out, "report.html");
    return { summary, path, text: existsSync(path) ? readFileSync(path, "utf8") : null };
  }

  test("stays where nothing ran and nothing changed", async () => {
    const { summary, path, text } = await again({});
    expect([summary.report, summary.cached, text]).toEqual([path, 3, OLDER]);
  });

  test.each<[string, Record<string, unknown>, (out: string) => void]>([
    ["points came", { parameters: { n: [1, 2, 3, 4] } }, () => {}],
    ["points went", { parameters: { n: [1, 2] } }, () => {}],
    ["points have another order", { parameters: { n: [3, 2, 1] } }, () => {}],
    ["points have other names", { "point-name": "p{{ n }}" }, () => {}],
    [
      "outputs were changed",
      {},
      (out) => writeFileSync(join(out, "points/n=2/file.txt"), "longer"),
    ],
    ["it is not there", {}, (out) => rmSync(join(out, "report.html"))],
    ["a finish step came", { finish: [{ command: { command: ["node", "-e", "0"] } }] }, () => {}],
  ])("is written anew where %s", async (_, change, meanwhile) => {
    const { summary, path, text } = await again(change, meanwhile);
    expect(summary.report).toBe(path);
    expect(text).toContain("<title>tiny · report</title>");
  });

  test("is gone while points run, and after an interruption", async () => {
    const stop = new AbortController();
    let seen: string[] = [];
    const { summary, text } = await again(
      { parameters: { n: [1, 2, 3, 4] } },
      () => {},
      (event) => {
        if (event.type !== "planned") return;
        seen = readdirSync(event.folder).filter((name) => name.startsWith("report"));
        stop.abort();
      },
      stop.signal,
    );
    expect([summary.interrupted, seen, summary.report, text]).toEqual(["aborted", [], null, null]);
  });
});
