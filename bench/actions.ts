/** How long each action takes to its first line of work, and what Node reads for that. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { actionEntries } from "../scripts/action-files.ts";
import { bundleActions, startBytes } from "../scripts/bundle-actions.ts";
import { stepEnvironment } from "../test/lab/step.ts";
import { bench } from "./lib/bench.ts";
import { interleave } from "./lib/rounds.ts";

/**
 * What others publish, in bytes: all that their main script reads at its start, minified, by
 * `git ls-tree -r -l <tag> -- dist`.
 */
const PUBLISHED = [
  // github.com/changesets/action, v2.1.1: index, run, readChangesetState, dist and utils.
  { name: "changesets/action v2.1.1", bytes: 2_404 + 19_116 + 247 + 11_778 + 1_832_554 },
  // github.com/docker/build-push-action, v7.3.0: index.cjs.
  { name: "docker/build-push-action v7.3.0", bytes: 2_535_010 },
];

const SWEEP = `name: small
process: ["true"]
parameters: {n: {range: "1-40"}}
command: []
`;

await bench("from the start of Node to an action's first line", { rounds: 5 }, async (self) => {
  const { folder, rounds, say } = self;
  const bundles = join(folder, "actions");
  const entries = Object.keys(actionEntries());
  const chunks = await bundleActions(bundles, actionEntries());
  const env = stepEnvironment(folder);
  writeFileSync(join(folder, "workspace/sweep.yaml"), SWEEP);

  /** Milliseconds until it says something: that it lacks an input, or for plan an artifact service. */
  const untilFirstLine = async (name: string, inputs: Record<string, string>) => {
    const began = performance.now();
    const child = spawn(process.execPath, [join(bundles, `${name}.js`)], {
      cwd: env.GITHUB_WORKSPACE,
      env: { ...env, ...inputs },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "close");
    let first = Number.NaN;
    child.stdout.once("data", () => {
      first = performance.now() - began;
    });
    await ended;
    // A post step without work says nothing.
    return Number.isNaN(first) ? performance.now() - began : first;
  };
  const inputs = { INPUT_SWEEP: "sweep.yaml", INPUT_ENGINE: "process", INPUT_YES: "false" };
  const planned = "plan, with a sweep read and planned";
  const contestants = [
    ...entries.map((name) => ({ name, missing: null, measure: () => untilFirstLine(name, {}) })),
    { name: planned, missing: null, measure: () => untilFirstLine("plan", inputs) },
  ];
  const series = await interleave(contestants, { rounds, unit: "ms", say });
  const values = (name: string) => series.find((one) => one.name === name)?.values ?? [];
  const kib = (bytes: number) => Math.round(bytes / 1024);
  const all = chunks.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    series,
    goals: [
      { name: "plan, its first line", values: values("plan"), unit: "ms", want: { most: 300 } },
      { name: planned, values: values(planned), unit: "ms", want: { most: 300 } },
      ...entries.map((name) => ({
        name: `${name} reads`,
        values: [kib(startBytes(chunks, `${name}.js`))],
        unit: "KiB",
        want: null,
      })),
      { name: "all bundles, read or not", values: [kib(all)], unit: "KiB", want: null },
      ...PUBLISHED.map(({ name, bytes }) => ({
        name: `${name} reads`,
        values: [kib(bytes)],
        unit: "KiB",
        want: null,
      })),
    ],
    notes: ["Ours are not minified, so that a stack trace names its functions; the others are."],
  };
});
