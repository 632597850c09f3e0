/**
 * Pictures of sprites: square grids of random cells, whose left half is mirrored to the right, so
 * that most look like a face or an invader from space.
 *
 * The rules follow Eric Davidson's `spritething.py` ("How to Create Generative Art In Less Than 100
 * Lines Of Code", freeCodeCamp, 2018): half of the cells are black, the others have one of the
 * sprite's three colours.
 */
import type { Color, IndexedImage } from "./png.ts";

export interface Layout {
  /** Cells a side of each sprite. */
  grid: number;
  /** Sprites a side of the image. */
  invaders: number;
  /** Width and height of the image, in pixels; at least `smallestSize`. */
  size: number;
}

const BLACK = 0;
const COLOURS_PER_SPRITE = 3;
/** Shared by the sprites of an image, which keeps the palette small and the sprites akin. */
const COLOURS_PER_IMAGE = 15;

/** The size in pixels at which a cell is one pixel. */
export function smallestSize({ grid, invaders }: Pick<Layout, "grid" | "invaders">): number {
  return invaders * (grid + 1) + 1;
}

/** Draws an image of `invaders` × `invaders` sprites, a black cell apart, on black. */
export function drawSprites(layout: Layout, random: () => number): IndexedImage {
  const { grid, invaders, size } = layout;
  const cellSize = Math.floor(size / smallestSize(layout));
  const margin = Math.floor((size - cellSize * smallestSize(layout)) / 2);
  const palette = [[0, 0, 0] as const, ...repeat(COLOURS_PER_IMAGE, () => randomColor(random))];
  const pixels = new Uint8Array(size * size).fill(BLACK);

  for (let sprite = 0; sprite < invaders * invaders; sprite++) {
    const top = Math.floor(sprite / invaders) * (grid + 1) + 1;
    const left = (sprite % invaders) * (grid + 1) + 1;
    randomSprite(grid, random).forEach((colour, cell) => {
      const y = margin + (top + Math.floor(cell / grid)) * cellSize;
      const x = margin + (left + (cell % grid)) * cellSize;
      for (let row = y; row < y + cellSize; row++) {
        pixels.fill(colour, row * size + x, row * size + x + cellSize);
      }
    });
  }
  return { width: size, height: size, pixels, palette };
}

/** The colours of an image's cells, less black, in the order of its palette. */
export function coloursUsed({ pixels, palette }: IndexedImage): Color[] {
  const used = new Set(pixels);
  return palette.filter((_, colour) => colour !== BLACK && used.has(colour));
}

/** A sprite's `grid * grid` cells as palette indices, row by row. */
function randomSprite(grid: number, random: () => number): Uint8Array {
  const colours = repeat(COLOURS_PER_SPRITE, () => 1 + below(COLOURS_PER_IMAGE, random));
  const cells = new Uint8Array(grid * grid);
  for (let row = 0; row < grid; row++) {
    for (let left = 0, right = grid - 1; left <= right; left++, right--) {
      const colour = random() < 0.5 ? BLACK : (colours[below(colours.length, random)] ?? BLACK);
      cells[row * grid + left] = colour;
      cells[row * grid + right] = colour;
    }
  }
  return cells;
}

/** Channels of 50 to 215 stand out from black and are not glaring. */
function randomColor(random: () => number): Color {
  return [50 + below(166, random), 50 + below(166, random), 50 + below(166, random)];
}

/** A random whole number from 0 to `end` - 1. */
function below(end: number, random: () => number): number {
  return Math.floor(random() * end);
}

function repeat<Item>(count: number, make: () => Item): Item[] {
  return Array.from({ length: count }, make);
}
