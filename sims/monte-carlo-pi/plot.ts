import type { Color, IndexedImage } from "./png.ts";

/** Width and height of a plot, in pixels. */
export const PLOT_SIZE = 256;

const BACKGROUND = 0;
const INSIDE = 1;
const OUTSIDE = 2;

// The blue and orange of Okabe and Ito's palette: told apart with any colour vision.
const PALETTE: readonly Color[] = [
  [255, 255, 255],
  [0, 114, 178],
  [230, 159, 0],
];

export interface Plot extends IndexedImage {
  /** Colours the pixel at `x` and `y`, each in [0, 1); (0, 0) is the lower left corner. */
  draw(x: number, y: number, inside: boolean): void;
}

/** An empty plot of the unit square. */
export function newPlot(): Plot {
  const pixels = new Uint8Array(PLOT_SIZE * PLOT_SIZE).fill(BACKGROUND);
  return {
    width: PLOT_SIZE,
    height: PLOT_SIZE,
    pixels,
    palette: PALETTE,
    draw(x, y, inside) {
      const column = Math.floor(x * PLOT_SIZE);
      const row = PLOT_SIZE - 1 - Math.floor(y * PLOT_SIZE);
      pixels[row * PLOT_SIZE + column] = inside ? INSIDE : OUTSIDE;
    },
  };
}
