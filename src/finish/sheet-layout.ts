import type { Box } from "./canvas.ts";
import { StepFailure } from "./failure.ts";
import { LINE_HEIGHT, wrapText } from "./font.ts";

/** Where things are on a contact sheet, in pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  /** Of the place for a picture. */
  readonly boxWidth: number;
  readonly boxHeight: number;
  /** Of text under each picture. */
  readonly lines: number;
  readonly labelGap: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const MARGIN = 24;
const GAP = 16;
const LABEL_GAP = 6;
const MAX_LINES = 3;

/** A sheet is about this wide, so that it is looked at without scrolling, if its pictures allow. */
const WIDTH = 2000;
const MOST = 640;
const LEAST = 96;
/** Below this nobody sees anything. */
const SMALLEST = 24;
/** Smaller pictures are enlarged by a whole number, so that there is room for a label. */
const ENLARGE_BELOW = 160;

const MAX_SIDE = 16_384;
const MAX_PIXELS = 150_000_000;

/**
 * Chooses how large the pictures of a sheet are and how many lines their labels get. `sizes`: of the
 * pictures that there are; one place for each label.
 *
 * @throws StepFailure where they do not fit on a sheet.
 */
export function layOut(
  sizes: readonly Size[],
  labels: readonly string[],
  wanted: number | null,
): Layout {
  const count = labels.length;
  const columns = Math.min(wanted ?? Math.ceil(Math.sqrt(count)), count);
  const rows = Math.ceil(count / columns);
  const largest = {
    width: Math.max(...reduced(sizes, ({ width }) => width)),
    height: Math.max(...reduced(sizes, ({ height }) => height)),
  };
  const factor = Math.max(1, Math.ceil(ENLARGE_BELOW / Math.max(largest.width, largest.height)));
  const natural = largest.width * factor;
  const share = Math.floor((WIDTH - 2 * MARGIN - (columns - 1) * GAP) / columns);
  let boxWidth = Math.min(natural, MOST, Math.max(share, LEAST));
  for (; boxWidth >= SMALLEST; boxWidth = Math.floor(boxWidth * 0.9)) {
    const width = boxWidth;
    const boxHeight = Math.max(1, Math.round((width * largest.height) / largest.width));
    const box = { width, height: boxHeight };
    // Breaking many labels takes long: only where they might fit.
    if (!fitsSheet(sheetOf(columns, rows, box, 1))) continue;
    const lines = reduced(labels, (label) => wrapText(label, width, MAX_LINES).length);
    const layout = sheetOf(columns, rows, box, Math.max(1, ...lines));
    if (fitsSheet(layout)) return layout;
  }
  throw new StepFailure(
    `${count} pictures in ${columns} columns do not fit on a sheet of ${MAX_SIDE} pixels a side; ` +
      "choose the points with --param, or other columns.",
  );
}

function fitsSheet({ width, height }: Layout): boolean {
  return width <= MAX_SIDE && height <= MAX_SIDE && width * height <= MAX_PIXELS;
}

/** The distinct values: spreading a million arguments would overflow the stack. */
function reduced<T>(items: readonly T[], value: (item: T) => number): number[] {
  return [...new Set(items.map(value))];
}

function sheetOf(columns: number, rows: number, box: Size, lines: number): Layout {
  const cellHeight = box.height + LABEL_GAP + lines * LINE_HEIGHT;
  return {
    width: 2 * MARGIN + columns * box.width + (columns - 1) * GAP,
    height: 2 * MARGIN + rows * cellHeight + (rows - 1) * GAP,
    columns,
    boxWidth: box.width,
    boxHeight: box.height,
    lines,
    labelGap: LABEL_GAP,
  };
}

/**
 * The place at an index, and where in it a picture goes: as large as fits, centred, enlarged by whole
 * numbers only.
 */
export function cellBox(
  layout: Layout,
  index: number,
  size: Size | null,
): { box: Box; inner: Box } {
  const { columns, boxWidth, boxHeight, lines, labelGap } = layout;
  const box = {
    x: MARGIN + (index % columns) * (boxWidth + GAP),
    y: MARGIN + Math.floor(index / columns) * (boxHeight + labelGap + lines * LINE_HEIGHT + GAP),
    width: boxWidth,
    height: boxHeight,
  };
  if (size === null) return { box, inner: box };
  const fits = Math.min(boxWidth / size.width, boxHeight / size.height);
  const scale = fits > 1 ? Math.floor(fits) : fits;
  const width = Math.max(1, Math.min(boxWidth, Math.round(size.width * scale)));
  const height = Math.max(1, Math.min(boxHeight, Math.round(size.height * scale)));
  const x = box.x + Math.floor((boxWidth - width) / 2);
  const y = box.y + Math.floor((boxHeight - height) / 2);
  return { box, inner: { x, y, width, height } };
}
