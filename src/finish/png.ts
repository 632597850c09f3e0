/** PNG files: https://www.w3.org/TR/png-3/. They come from simulations, so everything is checked. */

import { promisify } from "node:util";
import { crc32, inflate } from "node:zlib";
import { PictureProblem } from "./failure.ts";

export const PNG_SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/** Colour types that are not plain samples: https://www.w3.org/TR/png-3/#6Colour-values */
export const PALETTE = 3;

/** Samples a pixel, and bits a sample that are allowed, by colour type. */
const COLOUR_TYPES: Readonly<Record<number, { samples: number; depths: readonly number[] }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  [PALETTE]: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly colourType: number;
  /** Samples a pixel: 1 to 4. */
  readonly samples: number;
  /** Bits a sample. */
  readonly depth: number;
  readonly interlaced: boolean;
}

/** A file whose chunks are whole; its pixels are still compressed. */
export interface Png {
  readonly header: PngHeader;
  /** Red, green and blue of each colour; null where there is none. */
  readonly palette: Buffer | null;
  /** The alpha of the palette's colours, or the one colour that is transparent. */
  readonly transparency: Buffer | null;
  readonly data: Buffer;
}

/**
 * Reads the chunks of a PNG, which begins with its signature, and checks their checksums.
 *
 * @throws PictureProblem where they are damaged, cut short or make no picture.
 */
export function readPng(bytes: Buffer): Png {
  let header: PngHeader | null = null;
  let palette: Buffer | null = null;
  let transparency: Buffer | null = null;
  const data: Buffer[] = [];
  for (let at = PNG_SIGNATURE.length; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > bytes.length) break;
    const type = bytes.toString("latin1", at + 4, at + 8);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) {
      throw new PictureProblem(`is damaged: the checksum of its ${printable(type)} chunk differs`);
    }
    const content = bytes.subarray(at + 8, end - 4);
    if (type === "IHDR") header = readHeader(content);
    if (type === "PLTE") palette = content;
    if (type === "tRNS") transparency = content;
    if (type === "IDAT") data.push(content);
    if (type === "IEND") {
      if (header === null || data.length === 0) {
        throw new PictureProblem("is a PNG without a picture");
      }
      if (header.colourType === PALETTE && palette === null) {
        throw new PictureProblem("is a PNG without its palette");
      }
      return { header, palette, transparency, data: Buffer.concat(data) };
    }
    at = end;
  }
  throw new PictureProblem("is a PNG that is cut short");
}

function readHeader(content: Buffer): PngHeader {
  const colourType = content[9] ?? -1;
  const depth = content[8] ?? 0;
  const kind = COLOUR_TYPES[colourType];
  if (content.length !== 13 || !kind?.depths.includes(depth)) {
    throw new PictureProblem("is a PNG with a header that is none");
  }
  return {
    width: content.readUInt32BE(0),
    height: content.readUInt32BE(4),
    colourType,
    samples: kind.samples,
    depth,
    interlaced: content[12] === 1,
  };
}

function printable(type: string): string {
  return type.replaceAll(/[^A-Za-z]/g, "?");
}

const inflateAsync = promisify(inflate);

/** Some encoders write a little more than the picture. */
const SURPLUS = 64 * 1024;

/** A small file may hold pixels without end. */
const MAX_RAW = 1024 ** 3;

/** Inflated at a time: mostly the whole picture. */
const MAX_CHUNK = 16 * 1024 ** 2;

/**
 * Inflates the filtered rows of a PNG, pass by pass, outside of the main thread.
 *
 * @throws PictureProblem where they are damaged or too few, which decoders fill without a word.
 */
export async function inflatePng({ header, data }: Png): Promise<Buffer> {
  const expected = passesOf(header).reduce((sum, pass) => sum + pass.rows * pass.rowBytes, 0);
  if (expected > MAX_RAW) {
    throw new PictureProblem(`has ${header.width}x${header.height} pixels, more than can be held`);
  }
  let raw: Buffer;
  try {
    raw = await inflateAsync(data, {
      maxOutputLength: expected + SURPLUS,
      chunkSize: Math.min(expected + SURPLUS, MAX_CHUNK),
    });
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new PictureProblem(`is a PNG whose pixels cannot be read: ${words}`, { cause });
  }
  if (raw.length < expected) {
    throw new PictureProblem(`is a PNG with ${raw.length} bytes of pixels instead of ${expected}`);
  }
  return raw;
}

/** One pass over a picture: an interlaced one has up to seven, any other one. */
export interface PngPass {
  /** Its first column and row in the picture, and the steps to the next. */
  readonly x: number;
  readonly y: number;
  readonly across: number;
  readonly down: number;
  readonly columns: number;
  readonly rows: number;
  /** Of a row, with the byte in front that names its filter. */
  readonly rowBytes: number;
}

/** First column and row of each pass of an interlaced picture, and the steps to the next. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** The passes in which the pixels are stored: https://www.w3.org/TR/png-3/#8Interlace */
export function passesOf({ width, height, samples, depth, interlaced }: PngHeader): PngPass[] {
  const passes = interlaced ? ADAM7 : ([[0, 0, 1, 1]] as const);
  return passes.flatMap(([x, y, across, down]) => {
    const columns = Math.ceil((width - x) / across);
    const rows = Math.ceil((height - y) / down);
    if (columns <= 0 || rows <= 0) return [];
    const rowBytes = 1 + Math.ceil((columns * samples * depth) / 8);
    return [{ x, y, across, down, columns, rows, rowBytes }];
  });
}
