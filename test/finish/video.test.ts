import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { readDatabase } from "../../src/results/database.ts";
import { runFolder } from "../../src/results/folder.ts";
import { temporaryFolder } from "../run/harness.ts";
import { ffmpeg, finishRun, needingFfmpeg, planOf, probe, told } from "./harness.ts";
import { damaged, endedRun, halfJpeg, jpeg, type MadePoint, png } from "./pictures.ts";

const colours = [
  [250, 10, 10],
  [10, 250, 10],
  [10, 10, 250],
] as const;

const frame = (value: number, content?: Buffer): MadePoint => ({
  parameters: { frame: value },
  files: { "frame.png": content ?? png(32, 24, colours[value - 1]) },
});
const frames = [1, 2, 3].map((value) => frame(value));

const video = (changes: Record<string, unknown> = {}) => ({
  video: { frames: "frame.png", by: "frame", size: "64x48", ...changes },
});

/** The header of a picture with the pixels of a smaller one. */
function shortOfPixels(): Buffer {
  const [large, small] = [png(32, 24), png(8, 8)];
  const at = (picture: Buffer) => picture.indexOf("IDAT") - 4;
  return Buffer.concat([large.subarray(0, at(large)), small.subarray(at(small))]);
}

describe.skipIf(!ffmpeg)(needingFfmpeg("a video"), () => {
  test.each([
    { to: "movie.mp4", size: "64x48", expected: "h264 64 48 yuv420p 3" },
    { to: "movie.webm", size: "64x48", expected: "vp9 64 48 yuv420p 3" },
    { to: "movie.gif", size: "33x21", expected: "gif 33 21 bgra 3" },
    { to: "deeper/50%.mp4", size: "64x64", expected: "h264 64 64 yuv420p 3" },
  ])("is $to of $size", async ({ to, size, expected }) => {
    const root = temporaryFolder();
    endedRun(root, frames);
    const done = await finishRun(root, planOf([video({ to, size })]));
    expect(told(done)).toEqual(["video succeeded"]);
    expect(probe(root, to)).toBe(expected);
    expect(done.steps[0]?.files?.map(({ path }) => path)).toEqual([to]);
  });

  it("has its frames in the order of the parameter, their aspect kept, its index in front", async () => {
    const root = temporaryFolder();
    // By name or index the last frame would come first.
    endedRun(root, [frame(3), frame(1), frame(2)]);
    await finishRun(root, planOf([video({ size: "64x64" })]));
    const path = join(root, "finish/movie.mp4");
    const raw = spawnSync("ffmpeg", [
      "-v",
      "error",
      "-i",
      path,
      "-f",
      "rawvideo",
      "-pix_fmt",
      "rgb24",
      "-",
    ]);
    const at = (index: number, y: number) => [
      ...raw.stdout.subarray((index * 64 * 64 + y * 64 + 32) * 3).subarray(0, 3),
    ];
    for (const [index, colour] of colours.entries()) {
      const shown = at(index, 32);
      for (const i of [0, 1, 2])
        expect(Math.abs((shown[i] ?? 0) - (colour[i] ?? 0))).toBeLessThan(8);
      // 32x24 in 64x64: black above and below.
      expect(Math.max(...at(index, 4))).toBeLessThan(8);
    }
    const bytes = readFileSync(path);
    expect(bytes.indexOf("moov")).toBeLessThan(bytes.indexOf("mdat"));
  });

  it("takes JPEG frames", async () => {
    const root = temporaryFolder();
    const files = { "frame.jpg": jpeg() };
    endedRun(
      root,
      [1, 2].map((value) => ({ parameters: { frame: value }, files })),
    );
    const plan = planOf([video({ frames: "./frame.jpg" })], { frame: [1, 2] });
    expect(told(await finishRun(root, plan))).toEqual(["video succeeded"]);
    expect(probe(root, "movie.mp4")).toBe("h264 64 48 yuv420p 2");
  });

  it("names a JPEG whose pixels are damaged, and leaves it out only if allowed", async () => {
    const root = temporaryFolder();
    const whole = jpeg("testsrc=size=160x120");
    endedRun(
      root,
      [whole, halfJpeg(), whole].map((picture, index) => ({
        parameters: { frame: index + 1 },
        files: { "frame.jpg": picture },
      })),
    );
    const failed = await finishRun(root, planOf([video({ frames: "frame.jpg" })]));
    expect(failed.steps[0]?.reason).toMatch(
      /1 of 3 frames.*\n {2}frame 2 \(point p1\): frame.jpg is a JPEG whose pixels are damaged/,
    );
    const plan = planOf([video({ frames: "frame.jpg", "allow-missing": true })]);
    expect(told(await finishRun(root, plan))).toEqual(["video succeeded"]);
    expect(probe(root, "movie.mp4")).toBe("h264 64 48 yuv420p 2");
  });

  it("of damaged JPEG frames alone is an error, allowed or not", async () => {
    const root = temporaryFolder();
    endedRun(root, [{ parameters: { frame: 1 }, files: { "frame.jpg": halfJpeg() } }]);
    const plan = planOf([video({ frames: "frame.jpg", "allow-missing": true })], { frame: [1] });
    const { steps } = await finishRun(root, plan);
    expect(steps[0]?.reason).toMatch(
      /^There are no frames:\n {2}frame 1 \(point p0\): frame.jpg is/,
    );
  });

  test.each<{ title: string; points: readonly MadePoint[]; reason: RegExp }>([
    {
      title: "a point that failed",
      points: [frame(1), { ...frame(2), status: "failed" }, frame(3)],
      reason: /1 of 3 frames.*\n {2}frame 2 \(point p1\): the point is failed\n.*allow-missing/,
    },
    {
      title: "a point without the file",
      points: [frame(1), { parameters: { frame: 2 } }, frame(3)],
      reason: /frame 2 \(point p1\): the point has no frame.png among its outputs/,
    },
    {
      title: "a damaged frame",
      points: [frame(1), frame(2, damaged(png(32, 24))), frame(3)],
      reason: /frame 2 \(point p1\): frame.png is damaged: the checksum of its IDAT chunk differs/,
    },
    {
      title: "a frame that is cut short",
      points: [frame(1), frame(2, png(32, 24).subarray(0, -20)), frame(3)],
      reason: /frame 2 \(point p1\): frame.png is a PNG that is cut short/,
    },
    {
      title: "a frame of too few pixels, all its checksums right",
      points: [frame(1), frame(2, shortOfPixels()), frame(3)],
      reason: /frame 2 \(point p1\): frame.png is a PNG with 200 bytes of pixels instead of 2328/,
    },
    {
      title: "an empty frame",
      points: [frame(1), frame(2, Buffer.alloc(0)), frame(3)],
      reason: /frame 2 \(point p1\): frame.png is empty/,
    },
    {
      title: "a frame that is none",
      points: [frame(1), frame(2, Buffer.from("GIF89a, or so")), frame(3)],
      reason: /frame 2 \(point p1\): frame.png is neither PNG nor JPEG/,
    },
    {
      title: "a frame of another size",
      points: [frame(1), frame(2, png(24, 32)), frame(3)],
      reason: /frame 2 \(point p1\): frame.png is 24x32 png, and most frames are 32x24 png/,
    },
  ])("names $title, and leaves it out only if allowed", async ({ points, reason }) => {
    const root = temporaryFolder();
    endedRun(root, points);
    const failed = await finishRun(root, planOf([video()]));
    expect(told(failed)).toEqual(["video failed"]);
    expect(failed.steps[0]?.reason).toMatch(reason);
    expect(existsSync(join(root, "finish/movie.mp4"))).toBe(false);
    expect(readFileSync(join(root, failed.steps[0]?.log ?? ""), "utf8")).toMatch(reason);

    const allowed = await finishRun(root, planOf([video({ "allow-missing": true })]));
    expect(told(allowed)).toEqual(["video succeeded"]);
    expect(allowed.steps[0]?.reason).toMatch(/1 of 3 frames were left out:\n {2}frame 2/);
    expect(probe(root, "movie.mp4")).toBe("h264 64 48 yuv420p 2");
  });

  it("of no frames at all is an error, allowed or not", async () => {
    const root = temporaryFolder();
    endedRun(
      root,
      [1, 2, 3].map((value) => ({ parameters: { frame: value }, status: "failed" })),
    );
    const { steps } = await finishRun(root, planOf([video({ "allow-missing": true })]));
    expect(steps[0]?.reason).toMatch(
      /^There are no frames:\n {2}frame 1 \(point p0\): the point is failed/,
    );
  });

  it("without keep-frames goes on standing for frames that are gone", async () => {
    const root = temporaryFolder();
    const made = frames.map(({ parameters, files }) => ({
      parameters,
      files: { ...files, "more.txt": Buffer.from("kept") },
    }));
    endedRun(root, made);
    const plan = planOf([
      video({ "keep-frames": false }),
      video({ to: "again.webm" }),
      { sheet: { images: "frame.png" } },
    ]);
    const all = ["video succeeded", "video succeeded", "sheet succeeded"];
    expect(told(await finishRun(root, plan))).toEqual(all);
    expect(existsSync(join(root, "points/p0/frame.png"))).toBe(false);
    expect(existsSync(join(root, "points/p0/more.txt"))).toBe(true);
    using database = readDatabase(runFolder(root));
    const manifest = database.prepare("SELECT files FROM points WHERE idx = 0").get();
    expect(String(manifest?.files)).toMatch(/^\[\{"path":"more.txt"/);

    // As after a crash between the commit and the removal.
    writeFileSync(join(root, "points/p1/frame.png"), png(32, 24));
    expect(told(await finishRun(root, plan))).toEqual(all.map((one) => `${one} cached`));
    expect(existsSync(join(root, "points/p1/frame.png"))).toBe(false);

    const faster = await finishRun(root, planOf([video({ fps: 12 })]));
    expect(faster.steps[0]?.reason).toMatch(/frame.png was removed once.*--resume off/);
    expect(existsSync(join(root, "finish/movie.mp4"))).toBe(true);
  });

  it("keeps its frames as long as another step has not succeeded", async () => {
    const root = temporaryFolder();
    endedRun(root, frames);
    const plan = planOf([video({ "keep-frames": false }), { sheet: { images: "other.png" } }]);
    expect(told(await finishRun(root, plan))).toEqual(["video succeeded", "sheet failed"]);
    expect(existsSync(join(root, "points/p0/frame.png"))).toBe(true);
  });
});
