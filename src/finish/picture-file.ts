/** What a PNG or JPEG file says of itself, and whether it is whole. */

import { closeSync, fstatSync, readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
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
 * Checks that the bytes are a whole PNG (every chunk's checksum, to the end) or JPEG (its segments,
 * to the end mark), and tells its size.
 *
 * @throws PictureProblem where they are not.
 */
export function inspectPicture(bytes: Buffer): PictureInfo {
  if (bytes.length === 0) throw new PictureProblem("is empty");
  const info = bytes.subarray(0, 8).equals(PNG)
    ? inspectPng(bytes)
    : bytes.readUInt16BE(0) === SOI && bytes.length > 4
      ? inspectJpeg(bytes)
      : null;
  if (info === null) throw new PictureProblem("is neither PNG nor JPEG");
  const { width, height } = info;
  if (width === 0 || height === 0 || width > MAX_SIDE || height > MAX_SIDE) {
    throw new PictureProblem(`has a size of ${width}x${height}`);
  }
  return info;
}

const PNG = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/** https://www.w3.org/TR/png-3/#5Chunk-layout */
function inspectPng(bytes: Buffer): PictureInfo {
  let info: PictureInfo | null = null;
  let data = false;
  for (let at = PNG.length; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > bytes.length) break;
    const type = bytes.toString("latin1", at + 4, at + 8);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) {
      throw new PictureProblem(`is damaged: the checksum of its ${printable(type)} chunk differs`);
    }
    if (type === "IHDR" && length === 13) {
      info = {
        format: "png",
        width: bytes.readUInt32BE(at + 8),
        height: bytes.readUInt32BE(at + 12),
      };
    }
    data ||= type === "IDAT";
    if (type === "IEND") {
      if (info === null || !data) throw new PictureProblem("is a PNG without a picture");
      return info;
    }
    at = end;
  }
  throw new PictureProblem("is a PNG that is cut short");
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
      // Some encoders pad the file with zeros.
      if (bytes.indexOf(EOI, at) === -1) throw new PictureProblem("is a JPEG that is cut short");
      return info;
    }
  }
  throw new PictureProblem("is a JPEG that is cut short");
}
