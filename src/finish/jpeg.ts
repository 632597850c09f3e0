import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { StepFailure } from "./failure.ts";
import { sequenceName, sequencePattern, stageSequence } from "./frames.ts";
import { checkOutcome, runProgram, type StepContext } from "./task.ts";
import type { Tool } from "./tools.ts";

/** Pictures that one ffmpeg decodes: it holds all of them open. */
const CHUNK = 50;

/** What is wrong with a JPEG that `damagedJpegs` tells, to be read on after its name. */
export const DAMAGED_JPEG = "is a JPEG whose pixels are damaged or cut short";

/**
 * Decodes JPEG files whose segments are right, and returns the indices of those whose pixels are not:
 * unless it is told to give up on them, ffmpeg fills what is missing with grey, without a word.
 */
export async function damagedJpegs(
  context: StepContext,
  files: readonly string[],
): Promise<ReadonlySet<number>> {
  const tool = ffmpegOf(context);
  const input = join(context.staging, "jpegs");
  const output = join(context.staging, "decoded");
  await stageSequence(files, "jpg", input, context.signal);
  mkdirSync(output);
  const chunks: Uint8Array[] = [];
  const outcome = await runProgram(context, {
    name: "check",
    tool,
    input,
    output,
    // One line for each picture that decodes: its number.
    words: (view) => [
      ...["ffprobe", "-v", "quiet", "-err_detect", "explode", "-of", "csv=p=0"],
      ...["-show_entries", "frame=best_effort_timestamp"],
      ...["-f", "image2", "-framerate", "1", "-start_number", "0"],
      ...["-i", sequencePattern(view.input, "jpg")],
    ],
    network: "none",
    print: (chunk) => chunks.push(chunk),
  });
  checkOutcome(outcome, "ffprobe, which checks the JPEG pictures,");
  const decoded = new Set(Buffer.concat(chunks).toString().match(/\d+/g)?.map(Number));
  return new Set(files.keys().filter((index) => !decoded.has(index)));
}

function ffmpegOf({ tools }: StepContext): Tool {
  if (tools.ffmpeg !== null) return tools.ffmpeg;
  throw new StepFailure(
    "There are JPEG pictures, and only names that end in .jpg or .jpeg are expected to be: " +
      "name them so in images, and ffmpeg will decode them.",
  );
}

/** Decodes JPEG files to PNG files in staging, by ffmpeg. Returns the new path of each. */
export async function decodeJpegs(
  context: StepContext,
  files: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const decoded = new Map<string, string>();
  const { staging, signal } = context;
  if (files.length === 0) return decoded;
  const tool = ffmpegOf(context);
  for (let start = 0; start < files.length; start += CHUNK) {
    const chunk = files.slice(start, start + CHUNK);
    const input = join(staging, `jpeg-${start}`);
    const output = join(staging, `png-${start}`);
    await stageSequence(chunk, "jpg", input, signal);
    mkdirSync(output);
    const outcome = await runProgram(context, {
      name: `decode${start}`,
      tool,
      input,
      output,
      words: (view) => [
        ...[
          "ffmpeg",
          "-hide_banner",
          "-nostdin",
          "-nostats",
          "-loglevel",
          "warning",
          "-y",
          "-xerror",
        ],
        ...chunk.flatMap((_, i) => [
          ...["-f", "jpeg_pipe", "-c:v", "mjpeg", "-i", `${view.input}/${sequenceName(i, "jpg")}`],
        ]),
        ...chunk.flatMap((_, i) => [
          ...["-map", `${i}:v`, "-frames:v", "1", "-pix_fmt", "rgb24", "-f", "image2"],
          ...["-update", "1", "-c:v", "png", `${view.output}/${sequenceName(i, "png")}`],
        ]),
      ],
      network: "none",
    });
    checkOutcome(outcome, "ffmpeg, which decodes the JPEG pictures,");
    for (const [i, file] of chunk.entries())
      decoded.set(file, join(output, sequenceName(i, "png")));
  }
  return decoded;
}
