/**
 * A rented machine: how often its provider is asked, how long it takes until the first point runs,
 * and, as a model from what is measured here, what larger ones would do for one picture.
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { parallelShare, pointSeconds, type Scaling } from "../src/machines/compare.ts";
import { realDroplets } from "../test/lab/digitalocean/droplets.ts";
import { startDigitalOcean } from "../test/lab/digitalocean/server.ts";
import { type Droplets, findDroplets, findRegistry, type Registry } from "../test/lab/lab.ts";
import { type Bench, bench } from "./lib/bench.ts";
import { inRepository, runProgram } from "./lib/processes.ts";
import type { Goal } from "./lib/report.ts";

/** One picture, rendered by one task that has all processors of a machine. */
const PICTURE = ["--width=1600", "--height=1200", "--samples=16", "--depth=64"];
/** Seconds that an earlier tool's scripts took for one frame of theirs, by size: render only. */
const EARLIER = [
  { size: "c-2", cpus: 2, seconds: 420 },
  { size: "c-4", cpus: 4, seconds: 223 },
  { size: "c-8", cpus: 8, seconds: 110 },
  { size: "c-16", cpus: 16, seconds: 59 },
  { size: "c-32", cpus: 32, seconds: 32 },
];

const RESULT = z.object({ seconds: z.number() });

await bench("a rented machine, droplets of the lab", { rounds: 3 }, async (self) => {
  const [droplets, registry] = [await findDroplets(), await findRegistry()];
  const lab = droplets === null || registry === null ? null : { droplets, registry };
  const cycles = lab === null ? [] : await rounds(self, () => leaseCycle(self, lab));
  const pictures = await rounds(self, async () => ({
    one: await render(self, 1),
    two: await render(self, 2),
  }));
  const one = median(pictures.map((each) => each.one));
  const two = median(pictures.map((each) => each.two));
  const scaling: Scaling = { cpuSeconds: one, seconds: two, longest: two, cores: 2 };
  const values = (read: (cycle: LeaseCycle) => number) => cycles.map(read);
  const measured = (name: string, read: (cycle: LeaseCycle) => number, unit: string): Goal => ({
    name,
    values: values(read),
    unit,
    want: null,
  });
  return {
    series: [],
    goals: [
      ...(lab === null
        ? []
        : [
            measured("calls of the provider's API for a lease", (cycle) => cycle.calls, ""),
            measured("from the command to the first point", (cycle) => cycle.first, "s"),
            measured("from the command to the machine's end", (cycle) => cycle.whole, "s"),
          ]),
      {
        name: "the picture, 1 thread",
        values: pictures.map((each) => each.one),
        unit: "s",
        want: null,
      },
      {
        name: "the picture, 2 threads",
        values: pictures.map((each) => each.two),
        unit: "s",
        want: null,
      },
    ],
    skipped:
      lab === null ? [{ name: "droplets and a registry", install: "scripts/lab/up.sh" }] : [],
    notes: modelled(scaling),
  };
});

interface LeaseCycle {
  readonly calls: number;
  /** Seconds. */
  readonly first: number;
  readonly whole: number;
}

/** A run of one short point on a machine of its own. */
async function leaseCycle(
  self: Bench,
  { droplets, registry }: { readonly droplets: Droplets; readonly registry: Registry },
): Promise<LeaseCycle> {
  await using api = await startDigitalOcean({ boot: realDroplets(droplets).boot });
  const folder = mkdtempSync(join(self.folder, "lease-"));
  const config = join(folder, "docker");
  mkdirSync(config);
  const auth = Buffer.from(`${registry.user}:${registry.password}`).toString("base64");
  const auths = { [registry.address]: { auth } };
  writeFileSync(join(config, "config.json"), JSON.stringify({ auths }));
  // The kernel's uptime, which all namespaces share: it tells when the point really ran.
  const sweep = {
    name: "one",
    image: registry.image,
    parameters: { n: [1] },
    command: ["sh", "-c", "cut -d' ' -f1 /proc/uptime > /mnt/data/uptime"],
  };
  writeFileSync(join(folder, "sweep.yaml"), JSON.stringify(sweep));
  const began = uptime("/proc/uptime");
  const flags = ["--machines", "digitalocean", "--size", "c-2", "--out", "run"];
  const { seconds } = await runProgram(
    [process.execPath, inRepository("bin/sim-pipeline.js"), "run", "sweep.yaml", ...flags],
    { cwd: folder, env: { ...api.env, DOCKER_CONFIG: config, SIM_PIPELINE_STATE: folder } },
  );
  const first = uptime(join(folder, "run/points/n=1/uptime")) - began;
  self.say(`${api.requests.length} calls, first point after ${first.toFixed(1)} s`);
  return { calls: api.requests.length, first, whole: seconds };
}

/** Seconds since the system's start. */
function uptime(file: string): number {
  return Number(readFileSync(file, "utf8").split(" ", 1)[0]);
}

/** Seconds of rendering alone. */
async function render(self: Bench, threads: number): Promise<number> {
  const folder = mkdtempSync(join(self.folder, "picture-"));
  const main = inRepository("sims/raytracer/main.ts");
  const args = [...PICTURE, `--threads=${threads}`, "-o", folder];
  await runProgram([process.execPath, main, ...args], { cwd: folder });
  return RESULT.parse(JSON.parse(readFileSync(join(folder, "result.json"), "utf8"))).seconds;
}

async function rounds<T>(self: Bench, measure: () => Promise<T>): Promise<T[]> {
  const found: T[] = [];
  for (let round = 0; round < self.rounds; round++) found.push(await measure());
  return found;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** The picture on larger machines, by Amdahl's law, beside what an earlier tool measured there. */
function modelled(scaling: Scaling): string[] {
  const base = pointSeconds(scaling, 2);
  const [first] = EARLIER;
  const rows = EARLIER.map(({ size, cpus, seconds }) => {
    const own = pointSeconds(scaling, cpus);
    const faster = (first?.seconds ?? Number.NaN) / seconds;
    return `  ${size.padEnd(5)} ${own.toFixed(2).padStart(6)} s  ${(base / own).toFixed(1).padStart(5)}x   ${String(seconds).padStart(4)} s  ${faster.toFixed(1).padStart(5)}x`;
  });
  return [
    "A model, not a measurement: the picture on larger sizes, every processor being like those here,",
    `${(parallelShare(scaling) * 100).toFixed(1)} % of the work parallel. Beside it an earlier tool's own frame, measured there.`,
    "  size    model            earlier tool",
    ...rows,
  ];
}
