/**
 * Renders a picture block by block. What a block gets depends on the picture and the seed alone, not
 * on the tile or the thread that renders it.
 */
import { BLOCK, type Kernel, type KernelSettings, SUMS } from "./kernel.ts";

/** Numbers of a pixel: mean red, green, blue, and the samples. */
export const PIXEL_SIZE = 4;

/** A part of a picture, in pixels from its left and top. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface BlockSettings extends KernelSettings {
  readonly area: Area;
  /** Most samples of a pixel. */
  readonly samples: number;
  /** Where a block may stop before it has all samples; 0 for never. */
  readonly noiseTarget: number;
}

/** Samples of a pixel before a block may stop, and steps in which it goes on from there. */
const FIRST_ROUND = 16;

export function countBlocks({ width, height }: Area): number {
  return Math.ceil(width / BLOCK) * Math.ceil(height / BLOCK);
}

/**
 * @param pixels `PIXEL_SIZE` numbers for each pixel of the area
 * @param errors for each, the variance of its mean luminance, relative to it where that is above 1
 * @returns what renders a block of the area, by its number from the left, then from the top
 */
export function makeBlockRenderer(
  kernel: Kernel,
  settings: BlockSettings,
  pixels: Float32Array,
  errors: Float32Array,
): (block: number) => void {
  const { area, samples, noiseTarget } = settings;
  const { sums, sample } = kernel;
  const columns = Math.ceil(area.width / BLOCK);

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
          const at = ((y - top) * BLOCK + x - left) * SUMS;
          sample(area.x + x, area.y + y, at, done, goal);
        }
      }
      done = goal;
      if (done < samples) goal = enough();
    }
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const at = ((y - top) * BLOCK + x - left) * SUMS;
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
          sum += variance(((y - top) * BLOCK + x - left) * SUMS, done);
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

  return render;
}
