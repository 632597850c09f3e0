import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Color, encodePng } from "./png.ts";
import { type RawParameters, type Result, type Simulation, wholeNumber } from "./protocol.ts";
import { seededRandom } from "./random.ts";
import { coloursUsed, drawSprites, type Layout, smallestSize } from "./sprites.ts";

interface Parameters extends Layout {
  /** How many images to draw. */
  number: number;
  seed: number;
}

const usage = `Draws random sprites that look like invaders from space.

Usage: node main.ts [-g CELLS] [-i SPRITES] [-s PIXELS] [-n IMAGES] [--seed N] [-o FOLDER]

  -g, --grid N      cells a side of each sprite, 1 to 64 (default 7)
  -i, --invaders N  sprites a side of an image, 1 to 64 (default 4)
  -s, --size N      width and height of an image in pixels, up to 8192 (default 400);
                    at least INVADERS * (GRID + 1) + 1, where a cell is one pixel
  -n, --number N    images to draw, 1 to 1000 (default 1)
  --seed N          start of the random numbers, a whole number from 0 (default 1)
  -o, --output      folder of sprite-0.png, sprite-1.png, ... and result.json
                    (default: $SIM_OUTPUT, else /mnt/data where it exists, else out)
  -h, --help        this text

With $SIM_POINTS, runs every point of that file; see README.md.`;

/** Draws images of sprites; as sim-pipeline runs it. */
export const simulation: Simulation<Parameters> = {
  usage,
  flags: {
    grid: { type: "string", short: "g", default: "7" },
    invaders: { type: "string", short: "i", default: "4" },
    size: { type: "string", short: "s", default: "400" },
    number: { type: "string", short: "n", default: "1" },
    seed: { type: "string", default: "1" },
  },
  check,
  run,
};

function check(raw: RawParameters): Parameters {
  const grid = wholeNumber(raw, "grid", 1, 64);
  const invaders = wholeNumber(raw, "invaders", 1, 64);
  return {
    grid,
    invaders,
    size: wholeNumber(raw, "size", smallestSize({ grid, invaders }), 8192),
    number: wholeNumber(raw, "number", 1, 1000),
    seed: wholeNumber(raw, "seed", 0, Number.MAX_SAFE_INTEGER),
  };
}

/**
 * Writes sprite-0.png and so on. The metrics name the files and the colours, as text with commas:
 * a result is flat.
 */
function run({ number, seed, ...layout }: Parameters, output: string): Result {
  // One stream for all images: a larger number keeps the images of a smaller one.
  const random = seededRandom(seed);
  const files: string[] = [];
  const colors = new Set<string>();
  for (let index = 0; index < number; index++) {
    const image = drawSprites(layout, random);
    const file = `sprite-${index}.png`;
    writeFileSync(join(output, file), encodePng(image));
    files.push(file);
    for (const color of coloursUsed(image)) colors.add(hex(color));
  }
  return { images: number, files: files.join(","), colors: [...colors].join(",") };
}

/** As CSS writes it: `#rrggbb`. */
function hex(color: Color): string {
  return `#${Buffer.from(color).toString("hex")}`;
}
