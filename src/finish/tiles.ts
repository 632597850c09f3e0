import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { encode } from "fast-png";
import { sanitize } from "../plan/name.ts";
import type { FinishStep, Value } from "../sweep/sweep.ts";
import { toSrgb } from "./canvas.ts";
import { PictureProblem, StepFailure, shortList } from "./failure.ts";
import { framePath } from "./frames.ts";
import { type LinearTile, readLinearTile } from "./linear-image.ts";
import { readPicture } from "./picture-file.ts";
import { absence, type Source, sourcesOf } from "./points.ts";
import type { StepContext } from "./task.ts";

type Tiles = Extract<FinishStep, { kind: "tiles" }>;

/** 16 bytes each while it is put together. */
const MAX_PIXELS = 100_000_000;

/**
 * Merges the tiles of each picture by their position; where they overlap, weighted by their samples.
 *
 * @throws StepFailure for tiles that are missing or damaged, do not belong together, or leave gaps.
 */
export async function mergeTiles(context: StepContext, step: Tiles): Promise<string | null> {
  const sources = sourcesOf(context.points, step.files);
  const { by } = step;
  const groups = Map.groupBy(sources, ({ point }) =>
    by === null ? null : (point.parameters[by] ?? null),
  );
  const missing = sources.flatMap((source) => {
    const why = absence(source);
    return why === null ? [] : [`point ${source.point.name}: ${why}`];
  });
  if (missing.length > 0) {
    throw new StepFailure(
      `${missing.length} of ${sources.length} tiles are missing:\n${shortList(missing)}\n` +
        "The same command runs points again that did not succeed.",
    );
  }
  const names = new Set<string>();
  for (const [value, tiles] of groups) {
    const name = pictureName(step.to, value);
    if (names.has(name)) {
      throw new StepFailure(`Two values of ${by} make the same file name: ${name}.`);
    }
    names.add(name);
    const picture = await merge(context, tiles, value === null ? "the picture" : `${by} ${value}`);
    const target = join(context.output, name);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, encode({ ...picture, channels: 3, depth: 8 }));
    const size = `${picture.width}x${picture.height}`;
    context.log.write(Buffer.from(`${name}: ${tiles.length} tiles, ${size}\n`));
  }
  return null;
}

/** `picture.png` and 3 make `picture-3.png`. */
function pictureName(to: string, value: Value | null): string {
  if (value === null) return to;
  const [, stem = to, extension = ""] = /^(.*?)(\.[^./]*)?$/.exec(to) ?? [];
  return `${stem}-${sanitize(String(value))}${extension}`;
}

interface Merging {
  readonly width: number;
  readonly height: number;
  /** Mean red, green and blue so far, and the samples, of each pixel. */
  readonly means: Float32Array;
}

async function merge(
  { folder, signal }: StepContext,
  sources: readonly Source[],
  title: string,
): Promise<{ width: number; height: number; data: Uint8Array }> {
  let merging: Merging | null = null;
  const problems: string[] = [];
  for (const source of sources) {
    await nextTurn();
    signal.throwIfAborted();
    try {
      const tile = readLinearTile(readPicture(framePath(source, folder.root)));
      merging ??= begin(tile);
      add(merging, tile);
    } catch (error) {
      if (!(error instanceof PictureProblem)) throw error;
      problems.push(`point ${source.point.name}: ${source.path} ${error.message}`);
    }
  }
  if (problems.length > 0 || merging === null) {
    const count = `${problems.length} of ${sources.length}`;
    throw new StepFailure(`${title}: ${count} tiles are broken:\n${shortList(problems)}`);
  }
  checkGaps(merging, title);
  const { width, height, means } = merging;
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let i = 0; i < 3; i++) data[pixel * 3 + i] = toSrgb(means[pixel * 4 + i] ?? 0);
  }
  return { width, height, data };
}

function begin({ width, height }: LinearTile): Merging {
  if (width * height > MAX_PIXELS) {
    throw new PictureProblem(`is of a picture of ${width}x${height} pixels, more than 100 million`);
  }
  return { width, height, means: new Float32Array(width * height * 4) };
}

function add({ width, height, means }: Merging, tile: LinearTile): void {
  const { x, y, columns, rows, pixels } = tile;
  if (tile.width !== width || tile.height !== height) {
    throw new PictureProblem(
      `is of a picture of ${tile.width}x${tile.height}, and the first tile of one of ${width}x${height}`,
    );
  }
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = (row * columns + column) * 4;
      const to = ((y + row) * width + x + column) * 4;
      const added = pixels[from + 3] ?? 0;
      if (added === 0) continue;
      const all = (means[to + 3] ?? 0) + added;
      // 1 where it is the first: what one tile alone has stays as it is, to the last bit.
      const share = added / all;
      for (let i = 0; i < 3; i++) {
        means[to + i] = (means[to + i] ?? 0) * (1 - share) + (pixels[from + i] ?? 0) * share;
      }
      means[to + 3] = all;
    }
  }
}

/** @throws StepFailure where no tile has a pixel, with the box around all of those. */
function checkGaps({ width, height, means }: Merging, title: string): void {
  let count = 0;
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let pixel = 0; pixel < width * height; pixel++) {
    if ((means[pixel * 4 + 3] ?? 0) > 0) continue;
    count += 1;
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  if (count === 0) return;
  throw new StepFailure(
    `${title} has gaps: no tile has ${count} of its ${width * height} pixels, ` +
      `all of them from ${left},${top} to ${right},${bottom}.`,
  );
}
