/**
 * Tiles of pictures as linear light, for merging. A file is one line of ASCII, a JSON object that ends
 * in a line feed, then 32-bit little-endian floats:
 *
 *     {"format":"linear-tile-1","width":1920,"height":1080,"x":960,"y":0,"columns":960,"rows":540,"samples":16}
 *
 * `width` and `height` are the whole picture's pixels; `x`, `y`, `columns` and `rows` the part of it
 * that the file has; `samples` how much that part weighs where tiles overlap. Then follow red, green and
 * blue of each pixel, row by row from the top left. With `"samples":"pixel"` a fourth float after the
 * three is the pixel's own weight.
 */

import { z } from "zod";
import { PictureProblem } from "./picture-file.ts";

export interface LinearTile {
  /** Of the whole picture, in pixels. */
  readonly width: number;
  readonly height: number;
  /** The part of it that this is. */
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  readonly rows: number;
  /** Red, green, blue and weight of each pixel, row by row. */
  readonly pixels: Float32Array;
}

const side = z.number().int().min(1).max(65_536);
const offset = z.number().int().min(0).max(65_535);
const HEADER = z.object({
  format: z.literal("linear-tile-1"),
  width: side,
  height: side,
  x: offset,
  y: offset,
  columns: side,
  rows: side,
  samples: z.union([z.literal("pixel"), z.number().positive()]),
});

const MAX_HEADER = 4096;

/**
 * Reads a tile.
 *
 * @throws PictureProblem where the bytes are none, or not whole, or hold what is no light.
 */
export function readLinearTile(bytes: Buffer): LinearTile {
  const end = bytes.subarray(0, MAX_HEADER).indexOf("\n");
  const header = HEADER.safeParse(end === -1 ? null : json(bytes.toString("latin1", 0, end)));
  if (!header.success)
    throw new PictureProblem("is no tile of linear light: it has no such header");
  const { samples, format: _, ...place } = header.data;
  const { x, y, columns, rows, width, height } = place;
  if (x + columns > width || y + rows > height) {
    throw new PictureProblem(
      `is a tile outside of its picture: ${columns}x${rows} at ${x},${y} of ${width}x${height}`,
    );
  }
  const channels = samples === "pixel" ? 4 : 3;
  const count = columns * rows;
  const data = bytes.subarray(end + 1);
  if (data.length !== count * channels * 4) {
    throw new PictureProblem(
      `has ${data.length} bytes of pixels instead of ${count * channels * 4}: it is not whole`,
    );
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const pixels = new Float32Array(count * 4);
  for (let pixel = 0; pixel < count; pixel++) {
    for (let channel = 0; channel < 4; channel++) {
      const value =
        channel < channels
          ? view.getFloat32((pixel * channels + channel) * 4, true)
          : Number(samples);
      if (!Number.isFinite(value) || value < 0) {
        const [column, row] = [pixel % columns, Math.floor(pixel / columns)];
        throw new PictureProblem(`holds ${value} at pixel ${x + column},${y + row}`);
      }
      pixels[pixel * 4 + channel] = value;
    }
  }
  return { ...place, pixels };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
