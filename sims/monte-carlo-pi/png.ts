/**
 * A small writer of indexed PNG files: one byte a pixel, up to 256 colours, no dependencies.
 *
 * The format is W3C's "Portable Network Graphics (PNG) Specification", https://www.w3.org/TR/png-3/;
 * the section numbers below are of that text.
 */
import { crc32, deflateSync } from "node:zlib";

/** Red, green and blue, 0 to 255 each. */
export type Color = readonly [red: number, green: number, blue: number];

export interface IndexedImage {
  /** Pixels. */
  width: number;
  /** Pixels. */
  height: number;
  /** `width * height` palette indices, row by row from the top left. */
  pixels: Uint8Array;
  /** 1 to 256 colours. */
  palette: readonly Color[];
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const BITS_PER_PIXEL = 8;
const INDEXED_COLOUR = 3;

/** The bytes of a PNG file that shows `image`. */
export function encodePng(image: IndexedImage): Buffer {
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header(image.width, image.height)),
    chunk("PLTE", Buffer.from(image.palette.flat())),
    // Flat colours compress well at any level; 1 is the fastest.
    chunk("IDAT", deflateSync(scanlines(image), { level: 1 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** §11.2.1: the size, then depth, colour type, and the only compression, filters and interlace. */
function header(width: number, height: number): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([BITS_PER_PIXEL, INDEXED_COLOUR, 0, 0, 0], 8);
  return data;
}

/** §7.2: every row of pixels behind a byte that names its filter; 0, none, suits palettes best. */
function scanlines({ width, height, pixels }: IndexedImage): Buffer {
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  return rows;
}

/** §5.3: length of the data, type, data, and the CRC of type and data. */
function chunk(type: string, data: Buffer): Buffer {
  const framed = Buffer.alloc(data.length + 12);
  framed.writeUInt32BE(data.length, 0);
  framed.write(type, 4, "latin1");
  framed.set(data, 8);
  framed.writeUInt32BE(crc32(framed.subarray(4, data.length + 8)), data.length + 8);
  return framed;
}
