/**
 * The raytracer: rays a second, what WebAssembly and a second thread bring, and how much sooner a
 * picture is as calm with all that makes it calm than by plain path tracing.
 */
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readLinearTile } from "../src/finish/linear-image.ts";
import { bench } from "./lib/bench.ts";
import { inRepository, runProgram } from "./lib/processes.ts";
import type { Goal } from "./lib/report.ts";
import { type Contestant, interleave } from "./lib/rounds.ts";

/** The picture of the goal; a plain C++ path tracer took 29 s for its like, at 4.8 million rays/s. */
const LARGE = ["--width=1600", "--height=1200", "--samples=16", "--depth=64"];
const MEDIUM = ["--width=320", "--height=240", "--samples=32", "--threads=1"];
const OTHER_SCENES = ["random-spheres", "mesh", "cornell-box", "glass-sphere"];
const SMALL = ["--width=160", "--height=120", "--linear=on", "--threads=1"];
const PLAIN = ["--next-event=off", "--importance=off", "--stratify=off", "--roulette=off"];
const CASES = [
  { scene: "cornell-box", name: "Cornell box", samples: 128, target: 0.01, goal: 5 },
  { scene: "glass-balls", name: "glass balls", samples: 128, target: 0.03, goal: 2 },
];

const RESULT = z.object({ rays: z.number(), rays_per_second: z.number(), seconds: z.number() });

await bench("raytracer, 125 glass balls and a Cornell box", { rounds: 4 }, async (self) => {
  const render = async (args: readonly string[]) => {
    const folder = mkdtempSync(join(self.folder, "picture-"));
    const main = inRepository("sims/raytracer/main.ts");
    await runProgram([process.execPath, main, ...args, "-o", folder], { cwd: folder });
    const result = RESULT.parse(JSON.parse(readFileSync(join(folder, "result.json"), "utf8")));
    return { folder, ...result };
  };
  const pixelsOf = (folder: string) =>
    readLinearTile(readFileSync(join(folder, "picture.f32"))).pixels;

  const times: number[] = [];
  const threads = (count: number, kernel: "wasm" | "typescript"): Contestant => ({
    name: `glass balls, ${kernel}, ${count} thread${count === 1 ? "" : "s"}`,
    missing: null,
    measure: async () => {
      const args = [...LARGE, `--threads=${count}`, `--kernel=${kernel}`];
      const { rays_per_second, seconds } = await render(args);
      if (count === 2 && kernel === "wasm") times.push(seconds);
      return rays_per_second / 1e6;
    },
  });
  const million = { rounds: self.rounds, unit: "million rays/s", say: self.say };
  const speeds = await interleave(
    [threads(1, "wasm"), threads(2, "wasm"), threads(2, "typescript")],
    million,
  );
  const [one, two, plain] = speeds.map(({ values }) => values);
  const goals: Goal[] = [
    { name: "2 threads", values: two ?? [], unit: "million rays/s", want: { least: 10 } },
    { name: "the picture on 2 threads", values: times, unit: "s", want: { most: 14.5 } },
    { name: "2 threads against 1", values: ratios(two, one), unit: "", want: { least: 1.95 } },
    {
      name: "WebAssembly against TypeScript",
      values: ratios(two, plain),
      unit: "",
      want: { least: 1.5 },
    },
  ];

  const series = [...speeds];
  for (const scene of OTHER_SCENES) {
    const kernel = (name: "wasm" | "typescript"): Contestant => ({
      name: `${scene}, ${name}`,
      missing: null,
      measure: async () => {
        const args = [`--scene=${scene}`, ...MEDIUM, `--kernel=${name}`];
        return (await render(args)).rays_per_second / 1e6;
      },
    });
    const found = await interleave([kernel("wasm"), kernel("typescript")], million);
    series.push(...found);
    const [wasm, typescript] = found.map(({ values }) => values);
    goals.push({
      name: `${scene}: WebAssembly against TypeScript`,
      values: ratios(wasm, typescript),
      unit: "",
      want: null,
    });
  }

  for (const { scene, name, samples, target, goal } of CASES) {
    self.say(`${name}: the reference of 4,096 samples`);
    const setup = [`--scene=${scene}`, ...SMALL];
    const reference = pixelsOf((await render([...setup, "--samples=4096", "--seed=99"])).folder);
    let seed = 0;
    // Error falls with the samples, so that error times seconds is the same for any number of them.
    const calm = (what: string, args: readonly string[]): Contestant => ({
      name: `${name}, ${what}`,
      missing: null,
      measure: async () => {
        const { folder, seconds } = await render([...setup, ...args, `--seed=${++seed}`]);
        return 1 / (meanSquaredError(pixelsOf(folder), reference) * seconds);
      },
    });
    const found = await interleave(
      [
        calm("all features", [`--samples=${4 * samples}`, `--noise-target=${target}`]),
        calm("all but the noise target", [`--samples=${samples}`]),
        calm("plain path tracing", [`--samples=${samples}`, ...PLAIN]),
        calm("plain, directions by cosine", [`--samples=${samples}`, ...PLAIN, "--importance=on"]),
      ],
      { ...million, unit: "1/(error s)" },
    );
    series.push(...found);
    const [full, uniform, plain, cosine] = found.map(({ values }) => values);
    goals.push(
      {
        name: `${name}: all features against plain`,
        values: ratios(full, plain),
        unit: "",
        want: { least: goal },
      },
      {
        name: `${name}: all features against plain with directions by cosine`,
        values: ratios(full, cosine),
        unit: "",
        want: null,
      },
      {
        name: `${name}: the noise target alone`,
        values: ratios(full, uniform),
        unit: "",
        want: null,
      },
    );
  }
  return {
    series,
    goals,
    notes: [
      "A ray is one traversal of the scene, camera and shadow rays included; one inside of a ball",
      "that nothing else reaches into is answered by the ball alone. Time is that of rendering.",
      "The ratios of noise are of the times to an equal mean squared error against a reference of",
      "4,096 samples, on linear light, 160x120 pixels and one thread.",
    ],
  };
});

function meanSquaredError(pixels: Float32Array, reference: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < pixels.length; at++) {
    // Each fourth number is the pixel's samples.
    if (at % 4 !== 3) sum += ((pixels[at] ?? 0) - (reference[at] ?? 0)) ** 2;
  }
  return sum / (0.75 * pixels.length);
}

function ratios(ours: readonly number[] = [], theirs: readonly number[] = []): number[] {
  return ours.map((value, round) => value / (theirs[round] ?? Number.NaN));
}
