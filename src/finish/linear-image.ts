/**
 * Tiles of pictures as linear light, for merging. A file is one line of ASCII, a JSON object that ends
 * in a line feed, then 32-bit little-endian floats:
 *
 *     {"format":"linear-tile","version":1,"width":1920,"height":1080,"x":960,"y":0,"columns":960,
 *      "rows":540,"channels":["red","green","blue","samples"]}
 *
 * `width` and `height` are the whole picture's pixels; `x`, `y`, `columns` and `rows` the part of it
 * that the file has. Then, for each pixel of that part, row by row from the top left, the mean of red,
 * green and blue, and how many samples that is the mean of.
 */

import { z } from "zod";
import { PictureProblem } from "./failure.ts";

export interface LinearTile {
  /** Of the whole picture, in pixels. */
  readonly width: number;
  readonly height: number;
  /** The part of it that this is. */
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  readonly rows: number;
  /** Mean red, green and blue, and the samples, of each pixel, row by row. */
  readonly pixels: Float32Array;
}

const side = z.number().int().min(1).max(65_536);
const offset = z.number().int().min(0).max(65_535);
const HEADER = z.object({
  format: z.literal("linear-tile"),
  version: z.literal(1),
  width: side,
  height: side,
  x: offset,
  y: offset,
  columns: side,
  rows: side,
  channels: z.tuple([
    z.literal("red"),
    z.literal("green"),
    z.literal("blue"),
    z.literal("samples"),
  ]),
});

const CHANNELS = 4;
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
  const { x, y, columns, rows, width, height } = header.data;
  if (x + columns > width || y + rows > height) {
    throw new PictureProblem(
      `is a tile outside of its picture: ${columns}x${rows} at ${x},${y} of ${width}x${height}`,
    );
  }
  const data = bytes.subarray(end + 1);
  const expected = columns * rows * CHANNELS * 4;
  if (data.length !== expected) {
    throw new PictureProblem(
      `has ${data.length} bytes of pixels instead of ${expected}: it is not whole`,
    );
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const pixels = new Float32Array(columns * rows * CHANNELS);
  for (let i = 0; i < pixels.length; i++) {
    const value = view.getFloat32(i * 4, true);
    if (!Number.isFinite(value) || value < 0) {
      const pixel = Math.floor(i / CHANNELS);
      const [column, row] = [pixel % columns, Math.floor(pixel / columns)];
      throw new PictureProblem(`holds ${value} at pixel ${x + column},${y + row}`);
    }
    pixels[i] = value;
  }
  return { x, y, columns, rows, width, height, pixels };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
