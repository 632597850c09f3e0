/**
 * Pictures as files: PNG for people, and linear floats from which tiles are merged.
 *
 * PNG is W3C's "Portable Network Graphics (PNG) Specification", https://www.w3.org/TR/png-3/.
 */
import { crc32, deflateSync } from "node:zlib";
import { type Area, PIXEL_SIZE } from "./blocks.ts";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const CHANNELS = 3;
/** §9.2: each byte less the one of the pixel to its left. */
const SUB = 1;

/** A PNG in sRGB of `PIXEL_SIZE` linear numbers a pixel; what is brighter than white is white. */
export function encodePicture(pixels: Float32Array, width: number, height: number): Buffer {
  const row = width * CHANNELS;
  const rows = Buffer.alloc((row + 1) * height);
  for (let y = 0; y < height; y++) {
    const start = y * (row + 1);
    rows[start] = SUB;
    const before = [0, 0, 0];
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < CHANNELS; channel++) {
        const byte = toSrgb(pixels[(y * width + x) * PIXEL_SIZE + channel] as number);
        rows[start + 1 + x * CHANNELS + channel] = byte - (before[channel] as number);
        before[channel] = byte;
      }
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // §11.2.1: 8 bits, red, green and blue, and the only compression, filters and interlace.
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    // §11.3.2.5: sRGB, to be shown as it is.
    chunk("sRGB", Buffer.from([0])),
    chunk("IDAT", deflateSync(rows, { level: 6 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** IEC 61966-2-1: a linear value as a byte. */
export function toSrgb(linear: number): number {
  if (!(linear > 0)) return 0;
  if (linear >= 1) return 255;
  return Math.round(
    255 * (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055),
  );
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

/**
 * Linear floats with their place in the picture: a line of JSON that ends with a newline, then for
 * each pixel of the area, row by row from the top left, mean red, green and blue and the number of
 * samples, as 32-bit floats of little endian. README.md describes it for other programs.
 */
export function encodeLinear(
  pixels: Float32Array,
  size: { width: number; height: number },
  area: Area,
): Buffer {
  const header = JSON.stringify({
    format: "linear-tile",
    version: 1,
    width: size.width,
    height: size.height,
    x: area.x,
    y: area.y,
    columns: area.width,
    rows: area.height,
    channels: ["red", "green", "blue", "samples"],
  });
  const data = Buffer.alloc(pixels.length * 4);
  pixels.forEach((value, index) => {
    data.writeFloatLE(value, index * 4);
  });
  return Buffer.concat([Buffer.from(`${header}\n`), data]);
}
