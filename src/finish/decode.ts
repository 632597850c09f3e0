import { type DecodedPng, decode } from "fast-png";
import { PictureProblem } from "./picture-file.ts";

/** Pixels of 8-bit red, green, blue and alpha, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * Decodes a PNG of any kind: grey, colour or palette, 1 to 16 bits, with alpha or without.
 *
 * @throws PictureProblem where it is damaged.
 */
export function decodePng(bytes: Uint8Array): Pixels {
  let png: DecodedPng;
  try {
    png = decode(bytes, { checkCrc: true });
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new PictureProblem(`is a damaged PNG: ${words}`, { cause });
  }
  const { width, height, channels, palette } = png;
  const samples = unpack(png);
  if (samples.length < width * height * channels)
    throw new PictureProblem("is a PNG that is cut short");
  const data = new Uint8Array(width * height * 4);
  const most = 2 ** png.depth - 1;
  const scale = 255 / most;
  // The one colour that is transparent, in a picture without alpha.
  const clear = palette === undefined ? png.transparency : undefined;
  for (let pixel = 0; pixel < width * height; pixel++) {
    const from = pixel * channels;
    const to = pixel * 4;
    if (palette !== undefined) {
      const [red = 0, green = 0, blue = 0, alpha = 255] = palette[samples[from] ?? 0] ?? [];
      data[to] = red;
      data[to + 1] = green;
      data[to + 2] = blue;
      data[to + 3] = alpha;
      continue;
    }
    const first = samples[from] ?? 0;
    const isGrey = channels < 3;
    const green = isGrey ? first : (samples[from + 1] ?? 0);
    const blue = isGrey ? first : (samples[from + 2] ?? 0);
    const hasAlpha = channels % 2 === 0;
    const isClear =
      clear !== undefined &&
      first === clear[0] &&
      (isGrey || (green === clear[1] && blue === clear[2]));
    data[to] = Math.round(first * scale);
    data[to + 1] = Math.round(green * scale);
    data[to + 2] = Math.round(blue * scale);
    data[to + 3] = hasAlpha
      ? Math.round((samples[from + channels - 1] ?? most) * scale)
      : isClear
        ? 0
        : 255;
  }
  return { width, height, data };
}

/** One number a sample; below 8 bits several are packed into a byte, and rows begin with a new one. */
function unpack({ width, height, depth, channels, data }: DecodedPng): DecodedPng["data"] {
  if (depth >= 8) return data;
  const samples = new Uint8Array(width * height * channels);
  const perByte = 8 / depth;
  const rowBytes = Math.ceil((width * channels) / perByte);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width * channels; x++) {
      const byte = data[y * rowBytes + Math.floor(x / perByte)] ?? 0;
      const shift = 8 - depth * ((x % perByte) + 1);
      samples[y * width * channels + x] = (byte >> shift) & (2 ** depth - 1);
    }
  }
  return samples;
}
