import { describe, expect, test } from "vitest";
import { hints, load, problems } from "./harness.ts";

const PARAMETERS = "parameters: {frame: {range: 1-4}, mode: [a]}";
const video = (fields: string) =>
  `finish: [{video: {frames: f.png, by: frame${fields}}}]\n${PARAMETERS}`;

test("a video has its defaults", () => {
  expect(load(video("")).finish).toEqual([
    {
      kind: "video",
      frames: { source: "f.png", parts: ["f.png"] },
      by: "frame",
      fps: 24,
      width: 1920,
      height: 1080,
      to: "movie.mp4",
      keepFrames: true,
      allowMissing: false,
    },
  ]);
});

test("every step is read", () => {
  const text = `finish:
  - video: {frames: "f-{{ frame:04d }}.png", by: frame, fps: 23.976, size: 641x481, to: a/m.gif, keep-frames: false, allow-missing: true}
  - tiles: {files: tile.bin, by: frame}
  - sheet: {images: f.png, label: "{{ frame }}", columns: 4}
  - command: {image: python:3.14, command: "python plot.py {{ input }}"}
${PARAMETERS}`;
  expect(load(text).finish).toMatchObject([
    {
      kind: "video",
      fps: 23.976,
      width: 641,
      height: 481,
      to: "a/m.gif",
      keepFrames: false,
      allowMissing: true,
    },
    { kind: "tiles", by: "frame", to: "picture.png" },
    { kind: "sheet", columns: 4, to: "sheet.png" },
    { kind: "command", image: "python:3.14", entrypoint: null, network: "none" },
  ]);
});

describe("a wrong step is told", () => {
  test.for<[text: string, expected: string]>([
    [video(", fps: 0"), "1:50: finish[0].video.fps: expected frames a second, above 0, got 0"],
    [
      video(", size: big"),
      '1:51: finish[0].video.size: expected a width and height in pixels such as 1920x1080, got "big"',
    ],
    [video(", size: 641x480"), "1:51: expected an even width and height, got 641x480"],
    [
      video(", to: m.avi"),
      '1:49: expected a file name that ends in .mp4, .webm or .gif, got "m.avi"',
    ],
    [video(", to: ../m.mp4"), "1:49: ../m.mp4 holds .. steps"],
    [video(", to: /m.mp4"), "1:49: /m.mp4 is absolute, and only relative paths go here"],
    [
      video(", keep-frames: no"),
      '1:58: finish[0].video.keep-frames: expected true or false, got "no"',
    ],
    [video(", speed: 2"), '1:45: finish[0].video: there is no key "speed"'],
    [
      `finish: [{video: {by: frame}}]\n${PARAMETERS}`,
      "1:18: finish[0].video: the key frames is missing",
    ],
    [
      `finish: [{video: {frames: f.png, by: fame}}]\n${PARAMETERS}`,
      "1:38: there is no parameter fame",
    ],
    [
      `finish: [{video: {frames: f.png, by: mode}}]\n${PARAMETERS}`,
      '1:38: frames are numbered by a numeric parameter, and mode can be "a"',
    ],
    [
      `finish: [{video: {frames: /f.png, by: frame}}]\n${PARAMETERS}`,
      "1:27: /f.png is absolute, and only relative paths go here",
    ],
    [`finish: [{vidoe: {}}]\n${PARAMETERS}`, '1:11: finish[0]: there is no key "vidoe"'],
    [
      `finish: [{}]\n${PARAMETERS}`,
      "1:10: finish[0]: expected one step: video, tiles, sheet or command, got an empty mapping",
    ],
    [
      `finish: [{sheet: {images: a}, tiles: {files: b}}]\n${PARAMETERS}`,
      "1:10: finish[0]: expected one step: video, tiles, sheet or command, got a mapping",
    ],
    [`finish: {video: {}}\n${PARAMETERS}`, "1:9: finish: expected a list of steps, got a mapping"],
    [
      `finish: [{sheet: {images: a}}, {sheet: {images: b}}]\n${PARAMETERS}`,
      "1:40: another step writes sheet.png already",
    ],
  ])("%s", ([text, expected]) => {
    expect(problems(text)[0]).toBe(expected);
  });

  test("a point that lacks the parameter that orders the frames", () => {
    const text = `${video("")}\ninclude: [{mode: b}]`;
    expect(problems(text)).toEqual(['1:38: point 4 {mode: "b"} has no frame']);
    expect(hints(text)).toEqual(["it comes from include[0]: give that entry a frame"]);
  });
});
