/** What a PNG or JPEG file says of itself, and whether it is whole. */

import { closeSync, fstatSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { crc32, inflate } from "node:zlib";
import { openRegular } from "../results/hash.ts";

/** A picture's format and size in pixels. */
export interface PictureInfo {
  readonly format: "png" | "jpg";
  readonly width: number;
  readonly height: number;
}

/** Beyond this a file is no picture that any step could hold. */
const MAX_BYTES = 512 * 1024 * 1024;

/** Pixels on a side, as ffmpeg and most viewers have it. */
const MAX_SIDE = 32_768;

/** What is wrong with a picture file; the message reads on after its name: "is cut short". */
export class PictureProblem extends Error {
  override readonly name = "PictureProblem";
}

/**
 * Reads a file that may be a picture, without following links.
 *
 * @throws PictureProblem where it is not there or too large.
 */
export function readPicture(path: string): Buffer {
  let file: number;
  try {
    file = openRegular(path);
  } catch (cause) {
    throw new PictureProblem("cannot be read", { cause });
  }
  try {
    if (fstatSync(file).size > MAX_BYTES) throw new PictureProblem("has more than 512 MiB");
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Checks that the bytes are a whole PNG (every chunk's checksum, and all of its pixels) or JPEG (its
 * segments, to the end mark), and tells its size.
 *
 * @throws PictureProblem where they are not.
 */
export async function inspectPicture(bytes: Buffer): Promise<PictureInfo> {
  if (bytes.length === 0) throw new PictureProblem("is empty");
  if (bytes.subarray(0, 8).equals(PNG)) return await inspectPng(bytes);
  if (bytes.length > 4 && bytes.readUInt16BE(0) === SOI) return inspectJpeg(bytes);
  throw new PictureProblem("is neither PNG nor JPEG");
}

function checkSize(width: number, height: number): void {
  if (width === 0 || height === 0 || width > MAX_SIDE || height > MAX_SIDE) {
    throw new PictureProblem(`has a size of ${width}x${height}`);
  }
}

const PNG = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits. */
  readonly pixel: number;
  readonly interlaced: boolean;
}

/** https://www.w3.org/TR/png-3/#5Chunk-layout */
async function inspectPng(bytes: Buffer): Promise<PictureInfo> {
  let header: PngHeader | null = null;
  const data: Buffer[] = [];
  for (let at = PNG.length; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > bytes.length) break;
    const type = bytes.toString("latin1", at + 4, at + 8);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) {
      throw new PictureProblem(`is damaged: the checksum of its ${printable(type)} chunk differs`);
    }
    const content = bytes.subarray(at + 8, end - 4);
    if (type === "IHDR") header = readHeader(content);
    if (type === "IDAT") data.push(content);
    if (type === "IEND") {
      if (header === null || data.length === 0) {
        throw new PictureProblem("is a PNG without a picture");
      }
      const { width, height } = header;
      checkSize(width, height);
      await checkPixels(data, header);
      return { format: "png", width, height };
    }
    at = end;
  }
  throw new PictureProblem("is a PNG that is cut short");
}

/** Samples a pixel, by colour type: https://www.w3.org/TR/png-3/#6Colour-values */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

function readHeader(content: Buffer): PngHeader {
  const samples = SAMPLES[content[9] ?? -1];
  const depth = content[8] ?? 0;
  if (content.length !== 13 || samples === undefined || ![1, 2, 4, 8, 16].includes(depth)) {
    throw new PictureProblem("is a PNG with a header that is none");
  }
  return {
    width: content.readUInt32BE(0),
    height: content.readUInt32BE(4),
    pixel: samples * depth,
    interlaced: content[12] === 1,
  };
}

const inflateAsync = promisify(inflate);

/** Some encoders write a little more than the picture. */
const SURPLUS = 64 * 1024;

/** Inflates the pixels: decoders fill what is missing with something, without a word. */
async function checkPixels(data: readonly Buffer[], header: PngHeader): Promise<void> {
  const expected = rawBytes(header);
  let length: number;
  try {
    const raw = await inflateAsync(Buffer.concat(data), { maxOutputLength: expected + SURPLUS });
    length = raw.length;
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new PictureProblem(`is a PNG whose pixels cannot be read: ${words}`, { cause });
  }
  if (length < expected) {
    throw new PictureProblem(`is a PNG with ${length} bytes of pixels instead of ${expected}`);
  }
}

/** First column and row of each pass of an interlaced picture, and the steps to the next. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Bytes of filtered rows: https://www.w3.org/TR/png-3/#8Interlace */
function rawBytes({ width, height, pixel, interlaced }: PngHeader): number {
  const passes = interlaced ? PASSES : ([[0, 0, 1, 1]] as const);
  return passes.reduce((sum, [x, y, across, down]) => {
    const columns = Math.ceil((width - x) / across);
    const rows = Math.ceil((height - y) / down);
    return columns > 0 && rows > 0 ? sum + rows * (1 + Math.ceil((columns * pixel) / 8)) : sum;
  }, 0);
}

function printable(type: string): string {
  return type.replaceAll(/[^A-Za-z]/g, "?");
}

const SOI = 0xffd8;
const SOS = 0xda;
const EOI = Buffer.from([0xff, 0xd9]);

/** https://www.w3.org/Graphics/JPEG/itu-t81.pdf, B.1.1 */
function inspectJpeg(bytes: Buffer): PictureInfo {
  let info: PictureInfo | null = null;
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      // A fill byte.
      at += 1;
      continue;
    }
    const length = bytes.readUInt16BE(at + 2);
    // Frame headers, of which C4, C8 and CC are none.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame && at + 9 <= bytes.length) {
      info = {
        format: "jpg",
        height: bytes.readUInt16BE(at + 5),
        width: bytes.readUInt16BE(at + 7),
      };
    }
    at += 2 + length;
    if (marker === SOS) {
      if (info === null) throw new PictureProblem("is a JPEG without a frame header");
      checkSize(info.width, info.height);
      // Some encoders pad the file with zeros.
      if (bytes.indexOf(EOI, at) === -1) throw new PictureProblem("is a JPEG that is cut short");
      return info;
    }
  }
  throw new PictureProblem("is a JPEG that is cut short");
}
