import type { Pixels } from "./decode.ts";
import { drawText } from "./font.ts";

/** Red, green and blue from 0 to 255. */
export type Colour = readonly [number, number, number];

/** Opaque 8-bit sRGB pixels, row by row. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export function newCanvas(width: number, height: number, colour: Colour): Canvas {
  const canvas = { width, height, data: new Uint8Array(width * height * 3) };
  fill(canvas, { x: 0, y: 0, width, height }, colour);
  return canvas;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function fill({ width, data }: Canvas, box: Box, colour: Colour): void {
  const row = new Uint8Array(box.width * 3);
  for (let x = 0; x < box.width; x++) row.set(colour, x * 3);
  for (let y = box.y; y < box.y + box.height; y++) data.set(row, (y * width + box.x) * 3);
}

/** Writes a line of text with its top left corner at x, y. */
export function write(canvas: Canvas, text: string, x: number, y: number, colour: Colour): void {
  const { width, height, data } = canvas;
  drawText(text, (dx, dy, coverage) => {
    const [px, py] = [x + dx, y + dy];
    if (px < 0 || px >= width || py < 0 || py >= height) return;
    const at = (py * width + px) * 3;
    for (const [i, value] of colour.entries()) {
      const under = data[at + i] ?? 0;
      data[at + i] = Math.round(under + ((value - under) * coverage) / 255);
    }
  });
}

/** Draws a picture into a box of its own proportions, on white where it is transparent. */
export function drawPicture(canvas: Canvas, picture: Pixels, box: Box): void {
  const scaled =
    box.width >= picture.width ? enlarge(picture, box) : reduce(picture, box.width, box.height);
  for (let y = 0; y < box.height; y++) {
    const row = scaled.subarray(y * box.width * 3, (y + 1) * box.width * 3);
    canvas.data.set(row, ((box.y + y) * canvas.width + box.x) * 3);
  }
}

/** Light of an 8-bit sRGB value, from 0 to 1. https://www.w3.org/Graphics/Color/srgb */
const LIGHT = Float32Array.from({ length: 256 }, (_, value) => {
  const part = value / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
});

/** The 8-bit sRGB value of light from 0 to 1. */
export function toSrgb(light: number): number {
  const part = light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055;
  return Math.round(Math.min(Math.max(part, 0), 1) * 255);
}

/** `toSrgb` of numbers between, near enough for 8 bits. */
const STEPS = 4096;
const SRGB = Uint8Array.from({ length: STEPS + 1 }, (_, step) => toSrgb(step / STEPS));

/** Each pixel becomes a block of equal ones, so that a small picture stays sharp. */
function enlarge({ width, height, data }: Pixels, box: Box): Uint8Array {
  const out = new Uint8Array(box.width * box.height * 3);
  for (let y = 0; y < box.height; y++) {
    const fromRow = Math.floor((y * height) / box.height) * width;
    for (let x = 0; x < box.width; x++) {
      const from = (fromRow + Math.floor((x * width) / box.width)) * 4;
      const alpha = (data[from + 3] ?? 255) / 255;
      for (let i = 0; i < 3; i++) {
        out[(y * box.width + x) * 3 + i] = Math.round(
          (data[from + i] ?? 0) * alpha + 255 * (1 - alpha),
        );
      }
    }
  }
  return out;
}

/** Each pixel becomes the mean light of what it covers. */
function reduce({ width, height, data }: Pixels, toWidth: number, toHeight: number): Uint8Array {
  const across = shares(width, toWidth);
  const down = shares(height, toHeight);
  const sums = new Float32Array(toWidth * toHeight * 3);
  const row = new Float32Array(toWidth * 3);
  for (let y = 0; y < height; y++) {
    row.fill(0);
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 4;
      const alpha = (data[from + 3] ?? 255) / 255;
      const red = (LIGHT[data[from] ?? 0] ?? 0) * alpha + 1 - alpha;
      const green = (LIGHT[data[from + 1] ?? 0] ?? 0) * alpha + 1 - alpha;
      const blue = (LIGHT[data[from + 2] ?? 0] ?? 0) * alpha + 1 - alpha;
      const at = (across.first[x] ?? 0) * 3;
      const near = across.near[x] ?? 0;
      addLight(row, at, near, red, green, blue);
      if (near < across.whole) addLight(row, at + 3, across.whole - near, red, green, blue);
    }
    const at = (down.first[y] ?? 0) * toWidth * 3;
    const near = down.near[y] ?? 0;
    addRow(sums, at, near, row);
    if (near < down.whole) addRow(sums, at + toWidth * 3, down.whole - near, row);
  }
  const out = new Uint8Array(sums.length);
  for (let i = 0; i < sums.length; i++) {
    out[i] = SRGB[Math.round(Math.min(sums[i] ?? 0, 1) * STEPS)] ?? 0;
  }
  return out;
}

function addLight(
  to: Float32Array,
  at: number,
  share: number,
  red: number,
  green: number,
  blue: number,
): void {
  if (at + 2 >= to.length) return;
  to[at] = (to[at] ?? 0) + red * share;
  to[at + 1] = (to[at + 1] ?? 0) + green * share;
  to[at + 2] = (to[at + 2] ?? 0) + blue * share;
}

function addRow(to: Float32Array, at: number, share: number, row: Float32Array): void {
  if (at >= to.length) return;
  for (let i = 0; i < row.length; i++) to[at + i] = (to[at + i] ?? 0) + (row[i] ?? 0) * share;
}

/**
 * Which pixel of the smaller row each of the larger lies in, and with what share of that pixel; the
 * rest up to `whole` lies in the next.
 */
function shares(from: number, to: number) {
  const whole = to / from;
  const first = new Uint32Array(from);
  const near = new Float32Array(from);
  for (let i = 0; i < from; i++) {
    const start = i * whole;
    const pixel = Math.floor(start);
    first[i] = pixel;
    near[i] = Math.min(whole, pixel + 1 - start);
  }
  return { whole, first, near };
}
