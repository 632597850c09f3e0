import { createHash } from "node:crypto";

/** Draw `position` of a parameter: the next uniform number above 0 and below 1 at each call. */
export type Uniforms = () => number;

/**
 * Random numbers that are a pure function of (random seed, parameter, position), whichever are
 * asked for and in whatever order: Philox4x32-10 (Salmon and others, "Parallel random numbers: as
 * easy as 1, 2, 3", 2011) keyed by the sha256 of seed and parameter, the position in its counter.
 */
export function uniformsOf(
  randomSeed: number | string,
  parameter: string,
): (position: number) => Uniforms {
  const digest = createHash("sha256")
    .update(JSON.stringify([randomSeed, parameter]))
    .digest();
  const [key0, key1, high0, high1] = [0, 4, 8, 12].map((at) => digest.readUint32BE(at));
  const block = new Uint32Array(4);
  return (position) => {
    let blocks = 0;
    let used = 4;
    return () => {
      if (used === 4) {
        block[0] = position;
        block[1] = blocks++;
        block[2] = high0 ?? 0;
        block[3] = high1 ?? 0;
        philox(block, key0 ?? 0, key1 ?? 0);
        used = 0;
      }
      const high = (block[used] ?? 0) >>> 6;
      const low = (block[used + 1] ?? 0) >>> 6;
      used += 2;
      // 52 random bits and a half: never 0, never 1, and exact.
      return (high * 2 ** 26 + low + 0.5) / 2 ** 52;
    };
  };
}

/** Philox4x32-10: replaces a counter of four words by four random ones. */
export function philox(words: Uint32Array, key0: number, key1: number): void {
  let [a = 0, b = 0, c = 0, d = 0] = words;
  let k0 = key0;
  let k1 = key1;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, a);
    const low0 = Math.imul(0xd2511f53, a);
    const high1 = multiplyHigh(0xcd9e8d57, c);
    const low1 = Math.imul(0xcd9e8d57, c);
    a = (high1 ^ b ^ k0) >>> 0;
    b = low1 >>> 0;
    c = (high0 ^ d ^ k1) >>> 0;
    d = low0 >>> 0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  words[0] = a;
  words[1] = b;
  words[2] = c;
  words[3] = d;
}

/** The upper 32 bits of the product of two 32-bit numbers. */
function multiplyHigh(x: number, y: number): number {
  const xLow = x & 0xffff;
  const xHigh = x >>> 16;
  const yLow = y & 0xffff;
  const yHigh = y >>> 16;
  const middle = xHigh * yLow + ((xLow * yLow) >>> 16);
  const cross = xLow * yHigh + (middle & 0xffff);
  return xHigh * yHigh + Math.floor(middle / 65536) + ((cross / 65536) | 0);
}
