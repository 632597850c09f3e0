import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { describe, expect, it, test } from "vitest";
import { temporaryFolder } from "../run/harness.ts";
import { ffmpeg, finishRun, needingFfmpeg, planOf, told } from "./harness.ts";
import { damaged, endedRun, halfJpeg, jpeg, type MadePoint, png } from "./pictures.ts";

const point = (frame: number, content: Buffer, path = "a.png"): MadePoint => ({
  parameters: { frame },
  files: { [path]: content },
});
const sheet = (changes: Record<string, unknown> = {}) =>
  planOf([{ sheet: { images: "a.png", ...changes } }]);

interface Shown {
  readonly width: number;
  readonly height: number;
  at(x: number, y: number): string;
}

function shown(root: string, name = "sheet.png"): Shown {
  const { data, width, height } = decode(readFileSync(join(root, "finish", name)));
  const at = (x: number, y: number) =>
    data.slice((y * width + x) * 3, (y * width + x) * 3 + 3).join(" ");
  return { width, height, at };
}

describe("a contact sheet", () => {
  it("has the pictures in the plan's order, as square as it gets, with a label each", async () => {
    const root = temporaryFolder();
    const colours = [
      [200, 0, 0],
      [0, 200, 0],
      [0, 0, 200],
      [9, 9, 9],
      [7, 8, 9],
    ];
    endedRun(
      root,
      colours.map((colour, i) => point(i, png(200, 100, colour))),
    );
    expect(told(await finishRun(root, sheet()))).toEqual(["sheet succeeded"]);
    const { width, height, at } = shown(root);
    // 3 columns and 2 rows, with margins of 24, gaps of 16 and a line of text.
    expect([width, height]).toEqual([24 * 2 + 3 * 200 + 2 * 16, 24 * 2 + 2 * (100 + 6 + 21) + 16]);
    expect([at(24, 24), at(223, 123)]).toEqual(["200 0 0", "200 0 0"]);
    expect(at(240, 24)).toBe("0 200 0");
    expect(at(456, 24)).toBe("0 0 200");
    expect(at(24, 24 + 127 + 16)).toBe("9 9 9");
    const label = Array.from({ length: 60 * 21 }, (_, i) =>
      at(24 + (i % 60), 130 + Math.floor(i / 60)),
    );
    expect(new Set(label)).toContain("218 220 226");
  });

  it("has as many columns as it is told, and enlarges small pictures by whole numbers", async () => {
    const root = temporaryFolder();
    endedRun(
      root,
      [1, 2, 3].map((frame) => point(frame, png(30, 20))),
    );
    await finishRun(root, sheet({ columns: 1, to: "in/one.png" }));
    const { width, at } = shown(root, "in/one.png");
    expect(width).toBe(24 * 2 + 30 * 6);
    expect(at(24 + 179, 24 + 119)).toBe("10 120 230");
  });

  it("shrinks large pictures by the light of what a pixel covers", async () => {
    const root = temporaryFolder();
    const pixels = Array.from({ length: 1280 * 2 }, (_, i) => (i % 2 === 0 ? 255 : 0));
    const stripes = png(1280, 2, [0], { data: Uint8Array.from(pixels) });
    endedRun(root, [point(1, stripes)]);
    await finishRun(root, sheet());
    const { width, at } = shown(root);
    expect(width).toBe(24 * 2 + 640);
    // Half of the light is 188, not 128.
    expect(at(300, 24)).toBe("188 188 188");
  });

  it("shows a point that did not succeed as an empty place", async () => {
    const root = temporaryFolder();
    endedRun(root, [point(1, png(128, 128)), { parameters: { frame: 2 }, status: "timed-out" }]);
    const { steps } = await finishRun(root, sheet());
    expect(steps[0]).toMatchObject({
      status: "succeeded",
      reason: "1 of 2 points have no picture: they did not succeed",
    });
    const { at } = shown(root);
    expect(at(24 + 256 + 16, 24)).toBe("36 38 44");
  });

  test.each<{ title: string; points: readonly MadePoint[]; reason: RegExp }>([
    {
      title: "a damaged picture",
      points: [point(1, damaged(png(8, 8))), point(2, png(8, 8))],
      reason: /1 of 2 points are missing or broken:\n {2}point p0: a.png is damaged/,
    },
    {
      title: "a point without a picture",
      points: [point(1, png(8, 8)), point(2, png(8, 8), "b.png")],
      reason: /point p1: the point has no a.png among its outputs/,
    },
    {
      title: "a JPEG by another name",
      points: [point(1, Buffer.from("ffd8ffc0000b080008000801011100ffda0002ffd9", "hex"))],
      reason: /There are JPEG pictures, and only names that end in .jpg/,
    },
    {
      title: "a plan in which nothing succeeded",
      points: [{ parameters: { frame: 1 }, status: "failed" }],
      reason: /There are no pictures: no point has succeeded/,
    },
  ])("names $title", async ({ points, reason }) => {
    const root = temporaryFolder();
    endedRun(root, points);
    const { steps } = await finishRun(root, sheet());
    expect(steps[0]?.reason).toMatch(reason);
  });

  it.skipIf(!ffmpeg)(needingFfmpeg("takes JPEG pictures of several sizes"), async () => {
    const root = temporaryFolder();
    const red = (size: string) => jpeg(`color=0xff0000:size=${size}`);
    endedRun(root, [point(1, red("160x128"), "a.jpg"), point(2, red("80x128"), "a.jpg")]);
    const plan = planOf([{ sheet: { images: "a.jpg" } }]);
    const { steps } = await finishRun(root, plan);
    expect(steps[0]?.reason).toBe(null);
    const { at } = shown(root);
    const [r = 0, g = 0, b = 0] = at(100, 80).split(" ").map(Number);
    expect(r > 250 && g < 5 && b < 5).toBe(true);
    // The narrow one is centred in its place.
    expect(at(24 + 160 + 16 + 20, 80)).toBe("23 24 28");
    expect(at(24 + 160 + 16 + 45, 80)).toBe(at(100, 80));
  });

  it.skipIf(!ffmpeg)(needingFfmpeg("names a JPEG whose pixels are damaged"), async () => {
    const root = temporaryFolder();
    endedRun(root, [point(1, jpeg(), "a.jpg"), point(2, halfJpeg(), "a.jpg")]);
    const { steps } = await finishRun(root, planOf([{ sheet: { images: "a.jpg" } }]));
    expect(steps[0]?.reason).toMatch(
      /1 of 2 points.*\n {2}point p1: its picture is a JPEG whose pix/,
    );
  });
});
