import { chmodSync, constants, copyFileSync, linkSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { FinishStep } from "../sweep/sweep.ts";
import { PictureProblem, StepFailure, shortList } from "./failure.ts";
import { inspectPicture, type PictureInfo, readPicture } from "./picture-file.ts";
import { absence, type FinishPoint, type Source, sourcesOf } from "./points.ts";

type Video = Extract<FinishStep, { kind: "video" }>;

/** One frame of a video: the source that the current plan has for a value of `by`. */
export interface Frame extends Source {
  readonly value: number;
}

/** The frames in the order of their parameter, there or not. */
export function framesOf(points: readonly FinishPoint[], step: Video): Frame[] {
  return sourcesOf(points, step.frames)
    .flatMap((source) => {
      const value = source.point.parameters[step.by];
      return typeof value === "number" ? [{ ...source, value }] : [];
    })
    .sort((a, b) => a.value - b.value);
}

/** Frames that are whole and alike, and what became of the others. */
export interface CheckedFrames {
  readonly frames: readonly Frame[];
  readonly info: PictureInfo;
  /** One line each, naming frame and point. */
  readonly problems: readonly string[];
}

/**
 * Reads every frame: which are missing, which are damaged, and which differ from most others in size
 * or format.
 *
 * @throws StepFailure where none is left.
 */
export async function checkFrames(
  frames: readonly Frame[],
  step: Video,
  root: string,
  signal: AbortSignal,
): Promise<CheckedFrames> {
  const problems: string[] = [];
  const read: { readonly frame: Frame; readonly info: PictureInfo }[] = [];
  const name = (frame: Frame) => frameName(frame, step);
  for (const frame of frames) {
    await nextTurn();
    signal.throwIfAborted();
    const missing = absence(frame);
    if (missing !== null) {
      problems.push(`${name(frame)}: ${missing}`);
      continue;
    }
    try {
      const info = await inspectPicture(readPicture(framePath(frame, root)));
      read.push({ frame, info });
    } catch (error) {
      if (!(error instanceof PictureProblem)) throw error;
      problems.push(`${name(frame)}: ${frame.path} ${error.message}`);
    }
  }
  const kind = ({ format, width, height }: PictureInfo) => `${width}x${height} ${format}`;
  const kinds = [...Map.groupBy(read, ({ info }) => kind(info)).values()];
  const most = kinds.reduce((a, b) => (b.length > a.length ? b : a), kinds[0] ?? []);
  const info = most[0]?.info;
  if (info === undefined) {
    throw new StepFailure(
      problems.length === 0
        ? "There are no frames: the plan has no points."
        : `There are no frames:\n${shortList(problems)}`,
    );
  }
  for (const other of read) {
    if (kind(other.info) === kind(info)) continue;
    const words = `${other.frame.path} is ${kind(other.info)}, and most frames are ${kind(info)}`;
    problems.push(`${name(other.frame)}: ${words}`);
  }
  return { frames: most.map(({ frame }) => frame), info, problems };
}

/** What a frame is called in problems. */
export function frameName({ value, point }: Frame, { by }: Video): string {
  return `${by} ${value} (point ${point.name})`;
}

export function framePath({ point, path }: Source, root: string): string {
  return join(root, "points", point.name, path);
}

/** What an image sequence's file is called, counted from 0. */
export function sequenceName(index: number, format: PictureInfo["format"]): string {
  return `${String(index).padStart(8, "0")}.${format}`;
}

/** A staged sequence as ffmpeg names it: a pattern, in which a folder's own % would count. */
export function sequencePattern(folder: string, format: PictureInfo["format"]): string {
  return `${folder.replaceAll("%", "%%")}/%08d.${format}`;
}

/**
 * Puts pictures into a new folder under numbers in their order, as ffmpeg reads a sequence: as links
 * to the same content where that works and everybody may read it, else as copies.
 */
export async function stageSequence(
  paths: readonly string[],
  format: PictureInfo["format"],
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  for (const [index, path] of paths.entries()) {
    if (index % 100 === 0) await nextTurn();
    signal.throwIfAborted();
    const target = join(folder, sequenceName(index, format));
    if ((statSync(path).mode & 0o004) === 0 || !linked(path, target)) {
      copyFileSync(path, target, constants.COPYFILE_FICLONE);
      chmodSync(target, 0o644);
    }
  }
}

function linked(path: string, target: string): boolean {
  try {
    linkSync(path, target);
    return true;
  } catch {
    // Not every file system has links, and not every file may get one.
    return false;
  }
}
