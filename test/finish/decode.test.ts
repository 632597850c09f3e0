import { encode, type ImageData } from "fast-png";
import { expect, test } from "vitest";
import { decodePng } from "../../src/finish/decode.ts";
import { inspectPicture } from "../../src/finish/picture-file.ts";

const palette = [
  [1, 2, 3],
  [250, 251, 252],
];

const cases: readonly {
  title: string;
  image: ImageData;
  pixels: readonly (readonly number[])[];
}[] = [
  {
    title: "8-bit colour",
    image: { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) },
    pixels: [
      [1, 2, 3, 255],
      [4, 5, 6, 255],
    ],
  },
  {
    title: "8-bit colour with alpha",
    image: { width: 1, height: 1, channels: 4, data: Uint8Array.of(1, 2, 3, 4) },
    pixels: [[1, 2, 3, 4]],
  },
  {
    title: "8-bit grey",
    image: { width: 2, height: 1, channels: 1, data: Uint8Array.of(7, 255) },
    pixels: [
      [7, 7, 7, 255],
      [255, 255, 255, 255],
    ],
  },
  {
    title: "8-bit grey with alpha",
    image: { width: 1, height: 1, channels: 2, data: Uint8Array.of(7, 9) },
    pixels: [[7, 7, 7, 9]],
  },
  {
    title: "16-bit colour",
    image: {
      width: 1,
      height: 1,
      channels: 3,
      depth: 16,
      data: Uint16Array.of(0, 32_896, 65_535),
    },
    pixels: [[0, 128, 255, 255]],
  },
  {
    title: "16-bit grey with alpha",
    image: { width: 1, height: 1, channels: 2, depth: 16, data: Uint16Array.of(65_535, 0) },
    pixels: [[255, 255, 255, 0]],
  },
  {
    title: "1-bit grey, rows of their own bytes",
    image: {
      width: 3,
      height: 2,
      channels: 1,
      depth: 1,
      data: Uint8Array.of(0b10100000, 0b01000000),
    },
    pixels: [255, 0, 255, 0, 255, 0].map((grey) => [grey, grey, grey, 255]),
  },
  {
    title: "8-bit palette",
    image: { width: 2, height: 1, channels: 1, data: Uint8Array.of(1, 0), palette },
    pixels: [
      [250, 251, 252, 255],
      [1, 2, 3, 255],
    ],
  },
  {
    title: "1-bit palette",
    image: { width: 3, height: 1, channels: 1, depth: 1, data: Uint8Array.of(0b01000000), palette },
    pixels: [
      [1, 2, 3, 255],
      [250, 251, 252, 255],
      [1, 2, 3, 255],
    ],
  },
];

test.each(cases)("decodes $title", async ({ image, pixels }) => {
  const bytes = Buffer.from(encode(image));
  expect(await inspectPicture(bytes)).toEqual({
    format: "png",
    width: image.width,
    height: image.height,
  });
  const { width, height, data } = decodePng(bytes);
  expect([width, height]).toEqual([image.width, image.height]);
  expect([...data]).toEqual(pixels.flat());
});

test("decodes an interlaced picture", async () => {
  const data = Uint8Array.from({ length: 5 * 3 * 3 }, (_, i) => i);
  const picture = { width: 5, height: 3, channels: 3, data };
  const bytes = Buffer.from(encode(picture, { interlace: "Adam7" }));
  expect(await inspectPicture(bytes)).toMatchObject({ width: 5, height: 3 });
  expect(decodePng(bytes).data.slice(0, 8).join()).toBe("0,1,2,255,3,4,5,255");
});
