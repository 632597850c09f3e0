import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { encode } from "fast-png";
import type { FinishStep } from "../sweep/sweep.ts";
import { type Canvas, type Colour, drawPicture, fill, newCanvas, write } from "./canvas.ts";
import { decodePng } from "./decode.ts";
import { PictureProblem, StepFailure, shortList } from "./failure.ts";
import { LINE_HEIGHT, textWidth, wrapText } from "./font.ts";
import { framePath } from "./frames.ts";
import { DAMAGED_JPEG, damagedJpegs, decodeJpegs } from "./jpeg.ts";
import { type PictureInfo, pictureInfo, readPicture } from "./picture-file.ts";
import { absence, type FinishPoint, pointText, sourcesOf } from "./points.ts";
import { cellBox, type Layout, layOut } from "./sheet-layout.ts";
import type { StepContext } from "./task.ts";

type Sheet = Extract<FinishStep, { kind: "sheet" }>;

const BACKGROUND: Colour = [23, 24, 28];
const TEXT: Colour = [218, 220, 226];
const EMPTY: Colour = [36, 38, 44];
const FAILED: Colour = [233, 122, 112];

/** Larger ones are not decoded: they take 400 MB and more. */
const MAX_PIXELS = 100_000_000;

/** One place on the sheet. */
interface Cell {
  readonly point: FinishPoint;
  readonly label: string;
  /** Null for a point that did not succeed. */
  readonly picture: { readonly file: string; readonly info: PictureInfo } | null;
}

/**
 * Makes a contact sheet: a picture of each point in the plan's order, labelled. A point that did not
 * succeed has an empty place that says so.
 *
 * @throws StepFailure where a point that succeeded has no picture, or a damaged one, or there is
 *   none at all.
 */
export async function makeSheet(context: StepContext, step: Sheet): Promise<string | null> {
  const cells = await gather(context, step);
  const pictures = cells.flatMap(({ picture }) => (picture === null ? [] : [picture]));
  const decoded = await decodeJpegs(context, await wholeJpegs(context, cells));

  const sizes = pictures.map(({ info }) => info);
  const labels = cells.map(({ label }) => label);
  const layout = layOut(sizes, labels, step.columns);
  const canvas = newCanvas(layout.width, layout.height, BACKGROUND);
  const problems: string[] = [];
  for (const [index, cell] of cells.entries()) {
    await nextTurn();
    context.signal.throwIfAborted();
    try {
      await drawCell(canvas, layout, index, cell, decoded);
    } catch (error) {
      if (!(error instanceof PictureProblem)) throw error;
      problems.push(`point ${cell.point.name}: its picture ${error.message}`);
    }
  }
  if (problems.length > 0) throw broken(problems, cells.length);
  const target = join(context.output, step.to);
  mkdirSync(dirname(target), { recursive: true });
  const { width, height, data } = canvas;
  writeFileSync(target, encode({ width, height, data, channels: 3, depth: 8 }));
  const size = `${width}x${height}`;
  context.log.write(Buffer.from(`${pictures.length} pictures on a sheet of ${size}\n`));
  const empty = cells.length - pictures.length;
  return empty === 0
    ? null
    : `${empty} of ${cells.length} points have no picture: they did not succeed`;
}

async function gather({ points, folder, signal }: StepContext, step: Sheet): Promise<Cell[]> {
  const label = step.label === null ? ({ name }: FinishPoint) => name : pointText(step.label);
  const cells: Cell[] = [];
  const problems: string[] = [];
  for (const source of sourcesOf(points, step.images)) {
    await nextTurn();
    signal.throwIfAborted();
    const { point } = source;
    const cell = { point, label: label(point) };
    const missing = absence(source);
    if (missing !== null) {
      if (point.status === "succeeded") problems.push(`point ${point.name}: ${missing}`);
      cells.push({ ...cell, picture: null });
      continue;
    }
    const file = framePath(source, folder.root);
    try {
      // Whether its pixels are whole is seen when they are drawn.
      const info = pictureInfo(readPicture(file));
      if (info.width * info.height > MAX_PIXELS) {
        throw new PictureProblem(`has ${info.width}x${info.height} pixels, more than 100 million`);
      }
      cells.push({ ...cell, picture: { file, info } });
    } catch (error) {
      if (!(error instanceof PictureProblem)) throw error;
      problems.push(`point ${point.name}: ${source.path} ${error.message}`);
    }
  }
  if (problems.length > 0) throw broken(problems, points.length);
  if (cells.every(({ picture }) => picture === null)) {
    throw new StepFailure("There are no pictures: no point has succeeded.");
  }
  return cells;
}

/**
 * The files of JPEG pictures.
 *
 * @throws StepFailure where the pixels of one do not decode.
 */
async function wholeJpegs(context: StepContext, cells: readonly Cell[]): Promise<string[]> {
  const jpegs = cells.flatMap(({ point, picture }) =>
    picture?.info.format === "jpg" ? [{ point, file: picture.file }] : [],
  );
  const files = jpegs.map(({ file }) => file);
  if (files.length === 0) return files;
  const damaged = await damagedJpegs(context, files);
  if (damaged.size === 0) return files;
  const problems = jpegs.flatMap(({ point }, index) =>
    damaged.has(index) ? [`point ${point.name}: its picture ${DAMAGED_JPEG}`] : [],
  );
  throw broken(problems, cells.length);
}

function broken(problems: readonly string[], points: number): StepFailure {
  return new StepFailure(
    `The pictures of ${problems.length} of ${points} points are missing or broken:\n${shortList(problems)}`,
  );
}

async function drawCell(
  canvas: Canvas,
  layout: Layout,
  index: number,
  { point, label, picture }: Cell,
  decoded: ReadonlyMap<string, string>,
): Promise<void> {
  const { box, inner } = cellBox(layout, index, picture?.info ?? null);
  if (picture === null) {
    fill(canvas, box, EMPTY);
    const x = box.x + Math.round((box.width - textWidth(point.status)) / 2);
    const y = box.y + Math.round((box.height - LINE_HEIGHT) / 2);
    write(canvas, point.status, x, y, FAILED);
  } else {
    const file = decoded.get(picture.file) ?? picture.file;
    drawPicture(canvas, await decodePng(readPicture(file)), inner);
  }
  for (const [line, text] of wrapText(label, box.width, layout.lines).entries()) {
    const y = box.y + box.height + layout.labelGap + line * LINE_HEIGHT;
    write(canvas, text, box.x, y, picture === null ? FAILED : TEXT);
  }
}
