import { mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import type { FinishStep } from "../sweep/sweep.ts";
import { StepFailure, shortList } from "./failure.ts";
import {
  type CheckedFrames,
  checkFrames,
  frameName,
  framePath,
  framesOf,
  sequencePattern,
  stageSequence,
} from "./frames.ts";
import { DAMAGED_JPEG, damagedJpegs } from "./jpeg.ts";
import type { PictureInfo } from "./picture-file.ts";
import { checkOutcome, runProgram, type StepContext } from "./task.ts";
import type { Tool } from "./tools.ts";

type Video = Extract<FinishStep, { kind: "video" }>;

/**
 * Joins the frames of the plan's points to a video, in the order of their parameter, and verifies
 * what came out. Returns a remark where frames were left out.
 *
 * @throws StepFailure for frames that are missing, damaged or unlike the others, unless the step
 *   allows it; where ffmpeg fails, or its video is not what it should be.
 */
export async function makeVideo(context: StepContext, step: Video): Promise<string | null> {
  const { tools, folder, signal } = context;
  const tool = tools.ffmpeg;
  if (tool === null) throw new Error("a video without ffmpeg");
  const all = framesOf(context.points, step);
  const checked = await checkFrames(all, step, folder.root, signal);
  const { info } = checked;
  const { frames, problems } =
    info.format === "jpg" ? await decodableFrames(context, step, checked) : checked;
  const list = `${problems.length} of ${all.length} frames are missing or broken:\n${shortList(problems)}`;
  if (problems.length > 0 && !step.allowMissing) {
    throw new StepFailure(
      `${list}\nThe same command runs points again that did not succeed, and one that did once its folder ` +
        "below points/ is removed. allow-missing: true leaves such frames out.",
    );
  }
  const input = join(context.staging, "frames");
  const paths = frames.map((frame) => framePath(frame, folder.root));
  await stageSequence(paths, info.format, input, signal);

  const target = join(context.output, step.to);
  mkdirSync(dirname(target), { recursive: true });
  const outcome = await runProgram(context, {
    name: "encode",
    tool,
    input,
    output: dirname(target),
    words: (view) => encodeWords(step, info, view),
    network: "none",
  });
  checkOutcome(outcome, "ffmpeg");
  await verify(context, tool, step, frames.length, target);
  return problems.length === 0 ? null : list.replace("are missing or broken", "were left out");
}

/** Leaves out JPEG frames whose picture does not decode. */
async function decodableFrames(
  context: StepContext,
  step: Video,
  { frames, problems }: CheckedFrames,
): Promise<Pick<CheckedFrames, "frames" | "problems">> {
  const paths = frames.map((frame) => framePath(frame, context.folder.root));
  const broken = await damagedJpegs(context, paths);
  const words = frames.flatMap((frame, index) =>
    broken.has(index) ? [`${frameName(frame, step)}: ${frame.path} ${DAMAGED_JPEG}`] : [],
  );
  const whole = frames.filter((_, index) => !broken.has(index));
  const all = [...problems, ...words];
  if (whole.length === 0) throw new StepFailure(`There are no frames:\n${shortList(all)}`);
  return { frames: whole, problems: all };
}

interface View {
  readonly input: string;
  readonly output: string;
}

/** The words that make a video of the pictures 00000000, 00000001, ... in the input folder. */
function encodeWords(step: Video, { format }: PictureInfo, view: View): string[] {
  const { width, height, fps } = step;
  const pattern = sequencePattern(view.input, format);
  const fit = [
    `scale=${width}:${height}:force_original_aspect_ratio=decrease:flags=lanczos+accurate_rnd`,
    "format=rgb24",
    `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2:color=black`,
    "setsar=1",
  ].join(",");
  const [filter, ...codec] = codecWords(step, fit);
  return [
    "ffmpeg",
    ...["-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning", "-y", "-xerror"],
    ...["-f", "image2", "-framerate", String(fps), "-start_number", "0"],
    ...["-c:v", format === "png" ? "png" : "mjpeg", "-i", pattern],
    ...["-filter_complex", filter ?? fit, "-an", "-map_metadata", "-1", ...codec],
    `${view.output}/${basename(step.to)}`,
  ];
}

/** Colours as players of HD video take them: BT.709, limited range, and said so in the file. */
const BT709 = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"];
const TO_BT709 = "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p";

/** The filter, then the encoder's options. */
function codecWords({ to }: Video, fit: string): readonly string[] {
  if (to.endsWith(".gif")) {
    const palette =
      "split[a][b];[a]palettegen=stats_mode=full[p];[b][p]paletteuse=dither=sierra2_4a";
    return [`${fit},${palette}`, "-c:v", "gif", "-loop", "0"];
  }
  const filter = `${fit},${TO_BT709}`;
  return to.endsWith(".webm")
    ? [
        filter,
        ...["-c:v", "libvpx-vp9", "-crf", "30", "-b:v", "0", "-row-mt", "1", "-cpu-used", "4"],
        ...BT709,
      ]
    : [
        filter,
        ...["-c:v", "libx264", "-preset", "medium", "-crf", "18", "-pix_fmt", "yuv420p"],
        ...BT709,
        ...["-movflags", "+faststart"],
      ];
}

const PROBED = z.object({
  streams: z
    .array(
      z.object({
        codec_name: z.string(),
        width: z.number(),
        height: z.number(),
        nb_read_frames: z.coerce.number(),
      }),
    )
    .length(1),
});

const CODECS: Readonly<Record<string, string>> = { mp4: "h264", webm: "vp9", gif: "gif" };

/** Decodes the whole video: codec, size and number of frames must be what they should be. */
async function verify(
  context: StepContext,
  tool: Tool,
  step: Video,
  frames: number,
  target: string,
): Promise<void> {
  const output = join(context.staging, "probe");
  mkdirSync(output);
  const chunks: Uint8Array[] = [];
  const outcome = await runProgram(context, {
    name: "probe",
    tool,
    input: dirname(target),
    output,
    words: ({ input }) => [
      ...["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0"],
      ...["-show_entries", "stream=codec_name,width,height,nb_read_frames", "-of", "json"],
      `${input}/${basename(target)}`,
    ],
    network: "none",
    print: (chunk) => chunks.push(chunk),
  });
  checkOutcome(outcome, "ffprobe");
  const printed = Buffer.concat(chunks).toString();
  const json = printed.slice(printed.indexOf("{"));
  const parsed = PROBED.safeParse(tryJson(json));
  const [stream] = parsed.success ? parsed.data.streams : [];
  if (stream === undefined)
    throw new StepFailure("The video cannot be read again; the log says more.");
  const { codec_name: codec, width, height, nb_read_frames: count } = stream;
  const found = `${codec} ${width}x${height}, ${count} frames`;
  const wanted = `${CODECS[step.to.split(".").at(-1) ?? ""]} ${step.width}x${step.height}, ${frames} frames`;
  if (found !== wanted) {
    throw new StepFailure(`The video is not what it should be: ${found} instead of ${wanted}.`);
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
