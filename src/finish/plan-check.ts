import type { Plan } from "../plan/plan.ts";
import { keyError } from "../sweep/errors.ts";
import type { FinishStep, Sweep } from "../sweep/sweep.ts";

type Video = Extract<FinishStep, { kind: "video" }>;

/** Frames of a gif last a whole number of 1/100 s, and viewers slow down what is faster than this. */
const MAX_GIF_FPS = 50;

/** @throws SweepError where a gif would not have the frame rate that it is to have. */
export function checkGif(sweep: Sweep, { to, fps }: Video, index: number): void {
  if (!to.endsWith(".gif") || fps <= MAX_GIF_FPS) return;
  throw keyError(
    sweep,
    "finish",
    `finish.${index}.video: ${to} has ${fps} frames a second, and a gif at most ${MAX_GIF_FPS}`,
    "set a lower fps, or make it a .mp4 or .webm",
  );
}

/** Beyond this ffmpeg has no pictures: a little more than 16,384 by 8,192. */
const MAX_PIXELS = 134_217_728;
const MAX_SIDE = 16_384;

/** @throws SweepError for a video that ffmpeg could not make, which it would say after the points. */
export function checkSize(sweep: Sweep, { to, width, height }: Video, index: number): void {
  if (width <= MAX_SIDE && height <= MAX_SIDE && width * height <= MAX_PIXELS) return;
  throw keyError(
    sweep,
    "finish",
    `finish.${index}.video: ${to} has a size of ${width}x${height}`,
    `at most ${MAX_SIDE} pixels a side and ${MAX_PIXELS} in all are possible`,
  );
}

/** @throws SweepError where two points are the same frame of a video. */
export function checkOneFrameEach(plan: Plan, { by }: Video, index: number): void {
  const { sweep } = plan;
  const seen = new Set<number>();
  const cursor = sweep.space.cursor();
  while (cursor.next()) {
    const value = cursor.value(by);
    if (typeof value !== "number") continue;
    if (!seen.has(value)) {
      seen.add(value);
      continue;
    }
    const names = namesOf(plan, by, value);
    const others = sweep.space.names.filter((name) => name !== by);
    throw keyError(
      sweep,
      "finish",
      `finish.${index}.video: a video has one frame for each value of ${by}, and ${by} ${value} is ` +
        `${names.length} points: ${names.slice(0, 3).join(", ")}${names.length > 3 ? ", ..." : ""}`,
      others.length === 0
        ? `remove what repeats ${by}`
        : `give ${others.join(" and ")} one value each, as in --param ${others[0]}=VALUE`,
    );
  }
}

function namesOf(plan: Plan, by: string, value: number): string[] {
  const names: string[] = [];
  const cursor = plan.sweep.space.cursor();
  while (cursor.next()) if (cursor.value(by) === value) names.push(plan.name(cursor));
  return names;
}
