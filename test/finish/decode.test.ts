import { crc32, deflateSync } from "node:zlib";
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
  const { width, height, data } = await decodePng(bytes);
  expect([width, height]).toEqual([image.width, image.height]);
  expect([...data]).toEqual(pixels.flat());
});

test("decodes an interlaced picture", async () => {
  const data = Uint8Array.from({ length: 9 * 5 * 3 }, (_, i) => i);
  const picture = { width: 9, height: 5, channels: 3, data };
  const bytes = Buffer.from(encode(picture, { interlace: "Adam7" }));
  expect(await inspectPicture(bytes)).toMatchObject({ width: 9, height: 5 });
  expect(await decodePng(bytes)).toEqual(await decodePng(Buffer.from(encode(picture))));
});

/** A PNG of 8-bit colour whose rows have their filter's number in front. */
function pngOf(
  width: number,
  height: number,
  rows: readonly (readonly number[])[],
  colourType = 2,
): Buffer {
  const chunk = (type: string, content: Buffer) => {
    const framed = Buffer.concat([Buffer.from(type), content]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(content.length, 0);
    ends.writeUInt32BE(crc32(framed), 4);
    return Buffer.concat([ends.subarray(0, 4), framed, ends.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, colourType, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.from(rows.flat()))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

test("takes every filter off", async () => {
  const [width, height] = [3, 10];
  const noise = (i: number) => (i * i * 37 + i * 11) % 256;
  const plain = Array.from({ length: height }, (_, y) =>
    Array.from({ length: width * 3 }, (_, x) => noise(y * width * 3 + x)),
  );
  const at = (y: number, x: number) => plain[y]?.[x] ?? 0;
  const predicted = (filter: number, y: number, x: number): number => {
    const [left, up, corner] = [at(y, x - 3), at(y - 1, x), at(y - 1, x - 3)];
    const paeth = [left, up, corner].toSorted(
      (a, b) => Math.abs(left + up - corner - a) - Math.abs(left + up - corner - b),
    );
    return [0, left, up, Math.floor((left + up) / 2), paeth[0] ?? 0][filter] ?? 0;
  };
  // Each filter on a row, and all of them on the first row once.
  for (const first of [0, 1, 2, 3, 4]) {
    const rows = plain.map((row, y) => {
      const filter = (first + y) % 5;
      return [filter, ...row.map((value, x) => (value - predicted(filter, y, x) + 256) % 256)];
    });
    const { data } = await decodePng(pngOf(width, height, rows));
    const colours = [...data].filter((_, i) => i % 4 < 3);
    expect(colours, `first filter ${first}`).toEqual(plain.flat());
  }
});

test.each([
  { title: "an unknown filter", png: pngOf(1, 1, [[5, 1, 2, 3]]), message: /the filter 5/ },
  { title: "too few pixels", png: pngOf(2, 1, [[0, 1, 2, 3]]), message: /4 bytes.*instead of 7/ },
  {
    title: "a palette that is not there",
    png: pngOf(1, 1, [[0, 0]], 3),
    message: /without its palette/,
  },
  {
    title: "more pixels than can be held",
    png: pngOf(32_000, 32_000, [[0]]),
    message: /has 32000x32000 pixels, more than can be held/,
  },
  {
    title: "an unknown kind of colour",
    png: pngOf(1, 1, [[0]], 5),
    message: /header that is none/,
  },
])("refuses a PNG with $title", async ({ png, message }) => {
  await expect(decodePng(png)).rejects.toThrow(message);
});
