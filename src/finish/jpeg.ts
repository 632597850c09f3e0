import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { StepFailure } from "./failure.ts";
import { sequenceName, stageSequence } from "./frames.ts";
import { checkOutcome, runProgram, type StepContext } from "./task.ts";

/** Pictures that one ffmpeg decodes: it holds all of them open. */
const CHUNK = 50;

/** Decodes JPEG files to PNG files in staging, by ffmpeg. Returns the new path of each. */
export async function decodeJpegs(
  context: StepContext,
  files: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const decoded = new Map<string, string>();
  const { tools, staging, signal } = context;
  if (files.length === 0) return decoded;
  const tool = tools.ffmpeg;
  if (tool === null) {
    throw new StepFailure(
      "There are JPEG pictures, and only names that end in .jpg or .jpeg are expected to be: " +
        "name them so in images, and ffmpeg will decode them.",
    );
  }
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
