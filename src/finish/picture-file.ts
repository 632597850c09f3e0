/** What a PNG or JPEG file says of itself, and whether it is whole. */

import { closeSync, fstatSync, readFileSync } from "node:fs";
import { openRegular } from "../results/hash.ts";
import { PictureProblem } from "./failure.ts";
import { inflatePng, PNG_SIGNATURE, type Png, readPng } from "./png.ts";

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
 * Tells the size of a PNG whose chunks are whole, every checksum right, or of a JPEG whose segments are,
 * to the end mark. Whether the pixels are there is another question.
 *
 * @throws PictureProblem where they are not.
 */
export function pictureInfo(bytes: Buffer): PictureInfo {
  if (bytes.length === 0) throw new PictureProblem("is empty");
  if (isPng(bytes)) return pngInfo(readPng(bytes));
  if (bytes.length > 4 && bytes.readUInt16BE(0) === SOI) return inspectJpeg(bytes);
  throw new PictureProblem("is neither PNG nor JPEG");
}

/**
 * The same, and all pixels of a PNG are there.
 *
 * @throws PictureProblem where they are not.
 */
export async function inspectPicture(bytes: Buffer): Promise<PictureInfo> {
  if (!isPng(bytes)) return pictureInfo(bytes);
  const png = readPng(bytes);
  const info = pngInfo(png);
  await inflatePng(png);
  return info;
}

function isPng(bytes: Buffer): boolean {
  return bytes.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE);
}

function pngInfo({ header: { width, height } }: Png): PictureInfo {
  checkSize(width, height);
  return { format: "png", width, height };
}

function checkSize(width: number, height: number): void {
  if (width === 0 || height === 0 || width > MAX_SIDE || height > MAX_SIDE) {
    throw new PictureProblem(`has a size of ${width}x${height}`);
  }
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
