import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Area, PIXEL_SIZE } from "./blocks.ts";
import { encodeLinear, encodePicture } from "./image.ts";
import { BLOCK } from "./kernel.ts";
import { type RawParameters, type Result, type Simulation, wholeNumber } from "./protocol.ts";
import { cameraAt } from "./scene.ts";
import { type LoadedScene, loadScene } from "./scene-file.ts";
import { scenes } from "./scenes.ts";
import { type KernelName, type Rendered, renderArea } from "./threads.ts";
import { buildView } from "./view.ts";
import { hasWasm } from "./wasm-kernel.ts";
import { buildWorld, type World } from "./world.ts";

interface Parameters {
  name: string;
  world: World;
  view: Float64Array;
  width: number;
  height: number;
  /** Null for the whole picture. */
  tile: Area | null;
  samples: number;
  depth: number;
  seed: number;
  frame: number;
  threads: number;
  kernel: KernelName;
  noiseTarget: number;
  nextEvent: boolean;
  importance: boolean;
  stratify: boolean;
  roulette: boolean;
  linear: boolean;
}

const usage = `Renders a picture by path tracing.

Usage: node main.ts [--scene NAME] [--width N] [--height N] [--samples N] ... [--output FOLDER]

  --scene NAME        ${Object.keys(scenes).join(", ")},
                      or a scene file that ends in .json (default glass-balls)
  --width, --height N pixels, 1 to 8192 (default 640 and 360)
  --samples N         most paths a pixel, 1 to 1000000 (default 64)
  --depth N           most rays along a path, 1 to 1000 (default 64)
  --seed N            start of the random numbers, a whole number from 0 (default 1)
  --frame, --frames N which frame of how many: where the camera is on its path
                      (default 0 of 1; frames count from 0)
  --tile X,Y,C,R      only the tile in column X and row Y, both from 0, of a grid of C columns
                      and R rows
  --threads N         1 to 256 (default: as many as there are cores)
  --kernel NAME       wasm, typescript, or auto: wasm, which is faster, wherever Node has WebAssembly
                      with SIMD; the pictures are the same (default auto)
  --noise-target T    ends where the noise is below T before all samples are taken, 0 to 1;
                      0 takes all samples everywhere (default 0)
  --linear on|off     also writes picture.f32, linear floats; a tile always does (default off)
  -o, --output        folder of picture.png, picture.f32 and result.json
                      (default: $SIM_OUTPUT, else /mnt/data where it exists, else out)
  -h, --help          this text

What makes a picture less noisy in the same time, each on or off (default on):
  --next-event        surfaces look at the lights
  --importance        matt surfaces follow directions by their cosine, instead of all alike
  --stratify          samples of a pixel are spread evenly (Sobol's sequence, Owen's scrambling)
  --roulette          paths that carry little light end early

With $SIM_POINTS, renders every point of that file; see README.md.`;

/** Renders a frame or a tile of one; as sim-pipeline runs it. */
export const simulation: Simulation<Parameters> = {
  usage,
  flags: {
    scene: { type: "string", default: "glass-balls" },
    width: { type: "string", default: "640" },
    height: { type: "string", default: "360" },
    samples: { type: "string", default: "64" },
    depth: { type: "string", default: "64" },
    seed: { type: "string", default: "1" },
    frame: { type: "string", default: "0" },
    frames: { type: "string", default: "1" },
    tile: { type: "string" },
    threads: { type: "string", default: `${Math.min(256, availableParallelism())}` },
    kernel: { type: "string", default: "auto" },
    "noise-target": { type: "string", default: "0" },
    linear: { type: "string", default: "off" },
    "next-event": { type: "string", default: "on" },
    importance: { type: "string", default: "on" },
    stratify: { type: "string", default: "on" },
    roulette: { type: "string", default: "on" },
  },
  check,
  run,
};

function check(raw: RawParameters): Parameters {
  const width = wholeNumber(raw, "width", 1, 8192);
  const height = wholeNumber(raw, "height", 1, 8192);
  const frames = wholeNumber(raw, "frames", 1, 1_000_000);
  const frame = wholeNumber(raw, "frame", 0, frames - 1);
  const name = raw.scene;
  if (typeof name !== "string") throw new Error(`--scene: expected a text, got ${show(name)}`);
  const rest = {
    tile: tileOf(raw.tile, width, height),
    samples: wholeNumber(raw, "samples", 1, 1_000_000),
    depth: wholeNumber(raw, "depth", 1, 1000),
    seed: wholeNumber(raw, "seed", 0, Number.MAX_SAFE_INTEGER),
    threads: wholeNumber(raw, "threads", 1, 256),
    kernel: kernelOf(raw.kernel),
    noiseTarget: fraction(raw, "noise-target"),
    nextEvent: onOrOff(raw, "next-event"),
    importance: onOrOff(raw, "importance"),
    stratify: onOrOff(raw, "stratify"),
    roulette: onOrOff(raw, "roulette"),
    linear: onOrOff(raw, "linear"),
  };
  const { scene, meshOf }: LoadedScene = loadScene(name);
  return {
    ...rest,
    name,
    world: buildWorld(scene, meshOf),
    view: buildView(cameraAt(scene, frame, frames), width / height),
    width,
    height,
    frame,
  };
}

/**
 * Writes picture.png, of a tile the tile alone, and picture.f32 where it is asked for.
 *
 * @throws Error where pixels are not numbers
 */
function run(parameters: Parameters, output: string): Result {
  const { world, view, width, height, tile, kernel, threads } = parameters;
  const area = tile ?? { x: 0, y: 0, width, height };
  const started = performance.now();
  const rendered = renderArea(world, view, { ...parameters, area }, kernel, threads);
  const seconds = (performance.now() - started) / 1000;
  const { samples, noise } = summarize(rendered);
  const { pixels, rays } = rendered;
  writeFileSync(join(output, "picture.png"), encodePicture(pixels, area.width, area.height));
  if (tile !== null || parameters.linear) {
    writeFileSync(join(output, "picture.f32"), encodeLinear(pixels, { width, height }, area));
  }
  return {
    scene: parameters.name,
    frame: parameters.frame,
    width: area.width,
    height: area.height,
    threads,
    kernel,
    rays,
    rays_per_second: rays / seconds,
    seconds,
    samples,
    noise,
  };
}

/** Samples are the mean of all pixels; the noise is the root of the mean square of their errors. */
function summarize({ pixels, errors }: Rendered): { samples: number; noise: number } {
  let [samples, light, squares] = [0, 0, 0];
  for (let pixel = 0; pixel < errors.length; pixel++) {
    const at = pixel * PIXEL_SIZE;
    light += (pixels[at] ?? 0) + (pixels[at + 1] ?? 0) + (pixels[at + 2] ?? 0);
    samples += pixels[at + 3] ?? 0;
    squares += errors[pixel] ?? 0;
  }
  if (!Number.isFinite(light)) throw new Error("the picture has pixels that are not numbers");
  if (light === 0) console.error("warning: the picture is black: no light reaches the camera");
  return { samples: samples / errors.length, noise: Math.sqrt(squares / errors.length) };
}

/** The area of a tile `x,y,columns,rows`; its borders are between blocks. */
function tileOf(raw: unknown, width: number, height: number): Area | null {
  if (raw === undefined || raw === "") return null;
  const words = typeof raw === "string" && /^\d+(,\d+){3}$/.test(raw) ? raw.split(",") : [];
  const [x, y, columns, rows] = words.map(Number);
  if (x === undefined || y === undefined || columns === undefined || rows === undefined) {
    throw new Error(`--tile: expected four whole numbers X,Y,COLUMNS,ROWS, got ${show(raw)}`);
  }
  const [mostColumns, mostRows] = [Math.ceil(width / BLOCK), Math.ceil(height / BLOCK)];
  if (columns < 1 || rows < 1 || columns > mostColumns || rows > mostRows) {
    throw new Error(
      `--tile: expected a grid of 1 to ${mostColumns} columns and 1 to ${mostRows} rows, got ${raw}`,
    );
  }
  if (x >= columns || y >= rows) {
    throw new Error(
      `--tile: expected a tile within 0,0 and ${columns - 1},${rows - 1}, got ${raw}`,
    );
  }
  const border = (part: number, parts: number, blocks: number, size: number) =>
    Math.min(size, Math.round((part * blocks) / parts) * BLOCK);
  const left = border(x, columns, mostColumns, width);
  const top = border(y, rows, mostRows, height);
  return {
    x: left,
    y: top,
    width: border(x + 1, columns, mostColumns, width) - left,
    height: border(y + 1, rows, mostRows, height) - top,
  };
}

function kernelOf(raw: unknown): KernelName {
  if (raw === "typescript") return raw;
  if (raw !== "auto" && raw !== "wasm") {
    throw new Error(`--kernel: expected auto, wasm or typescript, got ${show(raw)}`);
  }
  if (hasWasm()) return "wasm";
  if (raw === "auto") return "typescript";
  throw new Error(
    "--kernel: there is no WebAssembly with SIMD here; auto and typescript do without",
  );
}

function fraction(raw: RawParameters, name: string): number {
  const value = raw[name];
  const number =
    typeof value === "string" && /^\d*\.?\d+(e-?\d+)?$/i.test(value) ? Number(value) : value;
  if (typeof number === "number" && number >= 0 && number <= 1) return number;
  throw new Error(`--${name}: expected a number from 0 to 1, got ${show(value)}`);
}

function onOrOff(raw: RawParameters, name: string): boolean {
  const value = raw[name];
  if (value === "on" || value === true) return true;
  if (value === "off" || value === false) return false;
  throw new Error(`--${name}: expected on or off, got ${show(value)}`);
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
