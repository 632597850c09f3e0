/**
 * What a picture is made of: samples of pixels. There are two kernels, and their pictures are the same:
 * this one, and that of wasm-kernel.ts, which is faster but needs WebAssembly with SIMD.
 */
import { makePathTracer, type PathSettings } from "./path.ts";
import { makeSampler } from "./sampler.ts";
import { aimCamera } from "./view.ts";
import type { World } from "./world.ts";

/** Width and height in pixels of a block, which is what a kernel has sums for. */
export const BLOCK = 8;
/** Numbers of a pixel's sums: red, green, blue, and the square of luminance. */
export const SUMS = 4;

export interface KernelSettings extends PathSettings {
  /** Of the whole picture, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  /** Noise differs from frame to frame. */
  readonly frame: number;
  /** Whether the samples of a pixel are spread evenly. */
  readonly stratify: boolean;
}

export interface Kernel {
  /** `SUMS` numbers for each pixel of a block. */
  readonly sums: Float64Array;
  /** Adds the samples `from` to `to` of a pixel, which is at x and y in the picture, to its sums `at`. */
  sample(x: number, y: number, at: number, from: number, to: number): void;
  /** How many rays were traced so far. */
  rays(): number;
}

export function makeKernel(world: World, view: Float64Array, settings: KernelSettings): Kernel {
  const { width, height } = settings;
  const sampler = makeSampler(settings.seed, settings.frame, settings.stratify);
  const tracer = makePathTracer(world, sampler, settings);
  const { ray, color } = tracer;
  const { pair, startPixel, startSample, draw } = sampler;
  const inverseWidth = 1 / width;
  const inverseHeight = 1 / height;
  const sums = new Float64Array(BLOCK * BLOCK * SUMS);

  function sample(pixelX: number, pixelY: number, at: number, from: number, to: number): void {
    startPixel(pixelY * width + pixelX);
    let red = sums[at] as number;
    let green = sums[at + 1] as number;
    let blue = sums[at + 2] as number;
    let squares = sums[at + 3] as number;
    for (let index = from; index < to; index++) {
      startSample(index);
      draw(0);
      const x = (pixelX + (pair[0] as number)) * inverseWidth;
      const y = (pixelY + (pair[1] as number)) * inverseHeight;
      draw(1);
      aimCamera(view, ray, x, y, pair[0] as number, pair[1] as number);
      tracer.trace();
      const r = color[0] as number;
      const g = color[1] as number;
      const b = color[2] as number;
      const bright = 0.2126 * r + 0.7152 * g + 0.0722 * b;
      red += r;
      green += g;
      blue += b;
      squares += bright * bright;
    }
    sums[at] = red;
    sums[at + 1] = green;
    sums[at + 2] = blue;
    sums[at + 3] = squares;
  }

  return { sums, sample, rays: () => tracer.counts[0] as number };
}
