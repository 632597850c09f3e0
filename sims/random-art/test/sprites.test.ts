import assert from "node:assert/strict";
import { test } from "node:test";
import type { IndexedImage } from "../png.ts";
import { seededRandom } from "../random.ts";
import { coloursUsed, drawSprites, type Layout, smallestSize } from "../sprites.ts";

/** The image as rows of palette indices. */
function rows({ width, height, pixels }: IndexedImage): number[][] {
  return Array.from({ length: height }, (_, y) => [...pixels.subarray(y * width, (y + 1) * width)]);
}

/** Draws with one pixel a cell, so that the image's pixels are the sprites' cells. */
function drawCells(grid: number, invaders: number, seed: number): IndexedImage {
  const size = smallestSize({ grid, invaders });
  return drawSprites({ grid, invaders, size }, seededRandom(seed));
}

const sizes = [
  { grid: 1, invaders: 1, expected: 3 },
  { grid: 7, invaders: 1, expected: 9 },
  { grid: 7, invaders: 4, expected: 33 },
];

for (const { grid, invaders, expected } of sizes) {
  test(`${invaders} sprites a side of ${grid} cells need ${expected} pixels`, () => {
    assert.equal(smallestSize({ grid, invaders }), expected);
  });
}

for (const grid of [1, 2, 5, 8]) {
  test(`a sprite of ${grid} cells a side is its own mirror image`, () => {
    for (let seed = 0; seed < 20; seed++) {
      for (const row of rows(drawCells(grid, 1, seed))) assert.deepEqual(row.toReversed(), row);
    }
  });
}

test("every cell of a sprite is coloured at times, those on the axis too", () => {
  const grid = 5;
  const coloured = new Set<number>();
  for (let seed = 0; seed < 20; seed++) {
    drawCells(grid, 1, seed).pixels.forEach((colour, cell) => {
      if (colour !== 0) coloured.add(cell);
    });
  }
  assert.equal(coloured.size, grid * grid);
});

test("a sprite has at most three colours", () => {
  const counts = Array.from({ length: 20 }, (_, seed) => coloursUsed(drawCells(9, 1, seed)).length);
  assert.equal(Math.max(...counts), 3);
});

test("about half of the cells are black", () => {
  const image = drawCells(16, 20, 1);
  const coloured = image.pixels.filter((colour) => colour !== 0).length;
  // Half of the 102,400 cells are drawn, half mirrored: a standard deviation is 0.2 % of them.
  const share = coloured / (16 * 16 * 20 * 20);
  assert.ok(Math.abs(share - 0.5) < 0.01, `${share}`);
});

test("sprites are a black cell apart, and every one is different", () => {
  const [grid, invaders] = [6, 3];
  const cells = rows(drawCells(grid, invaders, 1));
  const isBetween = (position: number) => position % (grid + 1) === 0;
  const sprites = new Map<number, number[]>();
  cells.forEach((row, y) => {
    row.forEach((colour, x) => {
      if (isBetween(x) || isBetween(y)) {
        assert.equal(colour, 0);
        return;
      }
      const index = Math.floor(y / (grid + 1)) * invaders + Math.floor(x / (grid + 1));
      sprites.set(index, [...(sprites.get(index) ?? []), colour]);
    });
  });
  const different = new Set([...sprites.values()].map(String));
  assert.equal(different.size, invaders * invaders);
});

const layouts: { layout: Layout; cellSize: number; margin: number }[] = [
  { layout: { grid: 2, invaders: 1, size: 4 }, cellSize: 1, margin: 0 },
  { layout: { grid: 2, invaders: 1, size: 12 }, cellSize: 3, margin: 0 },
  { layout: { grid: 2, invaders: 1, size: 11 }, cellSize: 2, margin: 1 },
  { layout: { grid: 3, invaders: 2, size: 30 }, cellSize: 3, margin: 1 },
];

for (const { layout, cellSize, margin } of layouts) {
  test(`in ${layout.size} pixels, ${JSON.stringify(layout)} has cells of ${cellSize}`, () => {
    const image = drawSprites(layout, seededRandom(5));
    const cells = rows(drawCells(layout.grid, layout.invaders, 5));
    assert.equal(image.pixels.length, layout.size ** 2);
    rows(image).forEach((row, y) => {
      row.forEach((colour, x) => {
        const cell =
          cells[Math.floor((y - margin) / cellSize)]?.[Math.floor((x - margin) / cellSize)];
        assert.equal(colour, cell ?? 0);
      });
    });
  });
}

test("colours are bright enough to see, and black is not among them", () => {
  const colours = coloursUsed(drawCells(8, 20, 1));
  assert.equal(colours.length, 15);
  for (const channel of colours.flat()) assert.ok(channel >= 50 && channel <= 215);
});
