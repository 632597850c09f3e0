import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32, inflateSync } from "node:zlib";
import { type Color, encodePng, type IndexedImage } from "../png.ts";

const SIGNATURE = "89504e470d0a1a0a";

interface Chunk {
  type: string;
  data: Buffer;
}

/** Takes a PNG file apart, and checks the CRC of every chunk. */
function readChunks(png: Buffer): Chunk[] {
  assert.equal(png.subarray(0, 8).toString("hex"), SIGNATURE);
  const chunks: Chunk[] = [];
  for (let start = 8; start < png.length; ) {
    const end = start + 8 + png.readUInt32BE(start);
    const typeAndData = png.subarray(start + 4, end);
    assert.equal(png.readUInt32BE(end), crc32(typeAndData));
    chunks.push({ type: typeAndData.toString("latin1", 0, 4), data: typeAndData.subarray(4) });
    start = end + 4;
  }
  return chunks;
}

/** Rows of pixels, of a file that uses no filters. */
function readRows(data: Buffer, width: number): number[][] {
  const scanlines = inflateSync(data);
  assert.equal(scanlines.length % (width + 1), 0);
  return Array.from({ length: scanlines.length / (width + 1) }, (_, y) => {
    const [filter, ...row] = scanlines.subarray(y * (width + 1), (y + 1) * (width + 1));
    assert.equal(filter, 0);
    return row;
  });
}

const black: Color = [0, 0, 0];
const red: Color = [255, 0, 0];
const blue: Color = [0, 0, 255];

const images: {
  name: string;
  image: IndexedImage;
  ihdr: string;
  plte: string;
  rows: number[][];
}[] = [
  {
    name: "one pixel",
    image: { width: 1, height: 1, pixels: Uint8Array.of(0), palette: [red] },
    ihdr: "00000001000000010803000000",
    plte: "ff0000",
    rows: [[0]],
  },
  {
    name: "wider than high",
    image: {
      width: 3,
      height: 2,
      pixels: Uint8Array.of(0, 1, 2, 2, 1, 0),
      palette: [black, red, blue],
    },
    ihdr: "00000003000000020803000000",
    plte: "000000ff00000000ff",
    rows: [
      [0, 1, 2],
      [2, 1, 0],
    ],
  },
  {
    name: "a side of more than one byte",
    image: { width: 1, height: 300, pixels: new Uint8Array(300).fill(1), palette: [black, blue] },
    ihdr: "000000010000012c0803000000",
    plte: "0000000000ff",
    rows: new Array(300).fill([1]),
  },
];

for (const { name, image, ihdr, plte, rows } of images) {
  test(`a PNG of ${name} reads back`, () => {
    const chunks = readChunks(encodePng(image));
    assert.deepEqual(
      chunks.map(({ type }) => type),
      ["IHDR", "PLTE", "IDAT", "IEND"],
    );
    const [header, palette, pixels, end] = chunks as [Chunk, Chunk, Chunk, Chunk];
    assert.equal(header.data.toString("hex"), ihdr);
    assert.equal(palette.data.toString("hex"), plte);
    assert.deepEqual(readRows(pixels.data, image.width), rows);
    assert.equal(end.data.length, 0);
  });
}

test("the last chunk is the one that ends every PNG file", () => {
  const png = encodePng({ width: 1, height: 1, pixels: Uint8Array.of(0), palette: [black] });
  assert.equal(png.subarray(-12).toString("hex"), "0000000049454e44ae426082");
});
