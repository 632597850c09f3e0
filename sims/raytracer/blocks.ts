/**
 * Renders a picture block by block. What a block gets depends on the picture and the seed alone, not
 * on the tile or the thread that renders it.
 */
import { makePathTracer, type PathSettings } from "./path.ts";
import { makeSampler } from "./sampler.ts";
import { aimCamera } from "./view.ts";
import type { World } from "./world.ts";

/** Width and height of a block in pixels; the borders of tiles are multiples of it. */
export const BLOCK = 8;
/** Numbers of a pixel: mean red, green, blue, and the samples. */
export const PIXEL_SIZE = 4;

/** A part of a picture, in pixels from its left and top. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface BlockSettings extends PathSettings {
  /** Of the whole picture, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly area: Area;
  /** Most samples of a pixel. */
  readonly samples: number;
  readonly seed: number;
  /** Noise differs from frame to frame. */
  readonly frame: number;
  readonly stratify: boolean;
  /** Where a block may stop before it has all samples; 0 for never. */
  readonly noiseTarget: number;
}

export interface BlockRenderer {
  /** Renders a block of the area, by its number from the left, then from the top. */
  render(block: number): void;
  /** How many rays were traced so far. */
  rays(): number;
}

/** Samples of a pixel before a block may stop, and steps in which it goes on from there. */
const FIRST_ROUND = 16;

export function countBlocks({ width, height }: Area): number {
  return Math.ceil(width / BLOCK) * Math.ceil(height / BLOCK);
}

/**
 * @param pixels `PIXEL_SIZE` numbers for each pixel of the area
 * @param errors for each, the variance of its mean luminance, relative to it where that is above 1
 */
export function makeBlockRenderer(
  world: World,
  view: Float64Array,
  settings: BlockSettings,
  pixels: Float32Array,
  errors: Float32Array,
): BlockRenderer {
  const { width, height, area, samples, noiseTarget } = settings;
  const sampler = makeSampler(settings.seed, settings.frame, settings.stratify);
  const tracer = makePathTracer(world, sampler, settings);
  const { ray, color } = tracer;
  const { pair, startPixel, startSample, draw } = sampler;
  const columns = Math.ceil(area.width / BLOCK);
  const inverseWidth = 1 / width;
  const inverseHeight = 1 / height;
  /** Of each pixel of the block: sums of red, green, blue, and of the square of luminance. */
  const sums = new Float64Array(BLOCK * BLOCK * 4);

  /** Adds samples to the pixel that is `at` in `sums`. */
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

  /** The variance of a sample's luminance, relative to the mean where that is above 1. */
  function variance(at: number, count: number): number {
    const mean =
      (0.2126 * (sums[at] as number) +
        0.7152 * (sums[at + 1] as number) +
        0.0722 * (sums[at + 2] as number)) /
      count;
    const square = Math.max(0, (sums[at + 3] as number) / count - mean * mean);
    const unbiased = count > 1 ? (square * count) / (count - 1) : square;
    return mean > 1 ? unbiased / (mean * mean) : unbiased;
  }

  function render(block: number): void {
    const left = (block % columns) * BLOCK;
    const top = Math.floor(block / columns) * BLOCK;
    const right = Math.min(left + BLOCK, area.width);
    const bottom = Math.min(top + BLOCK, area.height);
    sums.fill(0);
    let done = 0;
    let goal = noiseTarget > 0 ? Math.min(FIRST_ROUND, samples) : samples;
    while (done < goal) {
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          const at = ((y - top) * BLOCK + x - left) * 4;
          sample(area.x + x, area.y + y, at, done, goal);
        }
      }
      done = goal;
      if (done < samples) goal = enough();
    }
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const at = ((y - top) * BLOCK + x - left) * 4;
        const pixel = y * area.width + x;
        pixels[pixel * PIXEL_SIZE] = (sums[at] as number) / done;
        pixels[pixel * PIXEL_SIZE + 1] = (sums[at + 1] as number) / done;
        pixels[pixel * PIXEL_SIZE + 2] = (sums[at + 2] as number) / done;
        pixels[pixel * PIXEL_SIZE + 3] = done;
        errors[pixel] = variance(at, done) / done;
      }
    }

    /**
     * The samples that the block needs. Effort in proportion to the standard deviation makes the
     * picture's error least (Jerzy Neyman, 1934); the scale is such that a block that needs all
     * samples for the target gets all, and a calmer one ends below the target.
     */
    function enough(): number {
      let sum = 0;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++)
          sum += variance(((y - top) * BLOCK + x - left) * 4, done);
      }
      const deviation = Math.sqrt(sum / ((bottom - top) * (right - left)));
      const needed = (deviation * Math.sqrt(samples)) / noiseTarget;
      // In steps that at most double, as the first guess is a rough one.
      return Math.min(
        samples,
        Math.max(done, Math.min(2 * done, Math.ceil(needed / FIRST_ROUND) * FIRST_ROUND)),
      );
    }
  }

  return { render, rays: () => tracer.counts[0] as number };
}
