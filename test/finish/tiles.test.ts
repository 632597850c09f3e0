import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { describe, expect, it, test } from "vitest";
import { temporaryFolder } from "../run/harness.ts";
import { finishRun, planOf, told } from "./harness.ts";
import { endedRun, type MadePoint, tile } from "./pictures.ts";

const size = { width: 4, height: 2 };
const left = { ...size, x: 0, y: 0, columns: 2, rows: 2 };
const right = { ...size, x: 2, y: 0, columns: 2, rows: 2 };
const whole = { ...size, x: 0, y: 0, columns: 4, rows: 2 };

const point = (content: Buffer | null, frame = 1, status: MadePoint["status"] = "succeeded") => ({
  parameters: { frame },
  status,
  files: content === null ? {} : { "tile.lin": content },
});

const plan = (changes: Record<string, unknown> = {}) =>
  planOf([{ tiles: { files: "tile.lin", ...changes } }]);

/** The picture's pixels, `r g b` each, row by row. */
function pixels(root: string, name: string): string[] {
  const { data, width, height } = decode(readFileSync(join(root, "finish", name)));
  return Array.from({ length: width * height }, (_, i) => data.slice(i * 3, i * 3 + 3).join(" "));
}

describe("tiles", () => {
  it("are merged by position, from linear light to sRGB, brighter than white is white", async () => {
    const root = temporaryFolder();
    endedRun(root, [point(tile(right, [0.5, 0, 7])), point(tile(left, [1, 0.2, 0.002]))]);
    expect(told(await finishRun(root, plan()))).toEqual(["tiles succeeded"]);
    // 0.5 is 188, 0.2 is 124 and 0.002 is 7: IEC 61966-2-1.
    const row = ["255 124 7", "255 124 7", "188 0 255", "188 0 255"];
    expect(pixels(root, "picture.png")).toEqual([...row, ...row]);
  });

  it("weigh by their samples where they overlap", async () => {
    const root = temporaryFolder();
    endedRun(root, [point(tile(whole, [1, 1, 1], 1)), point(tile(left, [0, 0, 0], 3))]);
    await finishRun(root, plan());
    // A quarter of the light is 137.
    const row = ["137 137 137", "137 137 137", "255 255 255", "255 255 255"];
    expect(pixels(root, "picture.png")).toEqual([...row, ...row]);
  });

  it("make one picture for each value of a parameter", async () => {
    const root = temporaryFolder();
    endedRun(root, [
      point(tile(whole, [0, 0, 0]), 1),
      point(tile(left, [1, 1, 1]), 2),
      point(tile(right, [1, 1, 1]), 2),
    ]);
    const { steps } = await finishRun(root, plan({ by: "frame", to: "all/frame.png" }));
    const made = ["all/frame-1.png", "all/frame-2.png"];
    expect(steps[0]?.files?.map(({ path }) => path)).toEqual(made);
    expect(pixels(root, "all/frame-1.png")[0]).toBe("0 0 0");
    expect(pixels(root, "all/frame-2.png")[7]).toBe("255 255 255");
  });

  const nan = tile(left, [0, Number.NaN, 0]);
  const outside = tile({ ...left, x: 3 }, [0, 0, 0]);
  const rest = [point(tile(right, [0, 0, 0]))];
  test.each<{ title: string; points: readonly MadePoint[]; reason: RegExp }>([
    {
      title: "a gap",
      points: [point(tile({ ...left, columns: 1 }, [1, 1, 1])), ...rest],
      reason: /the picture has gaps: no tile has 2 of its 8 pixels, all of them from 1,0 to 1,1/,
    },
    {
      title: "pixels without samples",
      points: [point(tile(left, [1, 1, 1], 0)), ...rest],
      reason: /no tile has 4 of its 8 pixels, all of them from 0,0 to 1,1/,
    },
    {
      title: "a point that failed",
      points: [point(null, 1, "timed-out"), ...rest],
      reason: /1 of 2 tiles are missing:\n {2}point p0: the point is timed-out/,
    },
    {
      title: "a point without a tile",
      points: [point(null), ...rest],
      reason: /point p0: the point has no tile.lin among its outputs/,
    },
    {
      title: "a tile of another size",
      points: [...rest, point(tile({ ...left, height: 3 }, [0, 0, 0]))],
      reason: /point p1: tile.lin is of a picture of 4x3, and the first tile of one of 4x2/,
    },
    {
      title: "a tile that is cut short",
      points: [point(tile(left, [0, 0, 0]).subarray(0, -4)), ...rest],
      reason: /point p0: tile.lin has 60 bytes of pixels instead of 64: it is not whole/,
    },
    { title: "a number that is none", points: [point(nan)], reason: /holds NaN at pixel 0,0/ },
    { title: "a tile outside", points: [point(outside)], reason: /outside.*2x2 at 3,0 of 4x2/ },
    { title: "another file", points: [point(Buffer.from("{}\n"))], reason: /no such header/ },
    { title: "an empty file", points: [point(Buffer.alloc(0))], reason: /no such header/ },
    {
      title: "a picture beyond all measure",
      points: [point(tile({ ...left, width: 60_000, height: 60_000 }, [0, 0, 0]))],
      reason: /60000x60000 pixels, more than 100 million/,
    },
  ])("name $title", async ({ points, reason }) => {
    const root = temporaryFolder();
    endedRun(root, points);
    const { steps } = await finishRun(root, plan());
    expect(steps[0]?.reason).toMatch(reason);
    expect(existsSync(join(root, "finish"))).toBe(false);
  });
});
