/**
 * Random numbers of one sample of one pixel: the same for a seed, whoever asks and when.
 *
 * A path asks for pairs of numbers by their place in the path (the pixel's area, the lens, the first
 * bounce, ...). A pair of all samples of a pixel is spread evenly over the unit square: the first two
 * dimensions of Sobol's sequence, shuffled and scrambled for each pixel and place by hashes (Brent
 * Burley, "Practical Hash-based Owen Scrambling", JCGT 9(4), 2020). Places deep in a path get
 * independent numbers, as evenness no longer helps there.
 */

/** Pairs with a higher place are independent random numbers. */
const EVEN_PLACES = 11;

export interface Sampler {
  /** The two numbers of the last `draw`, each in [0, 1). */
  readonly pair: Float64Array;
  /** Goes to a pixel, by a number that no other pixel of the picture has. */
  startPixel(pixel: number): void;
  /** Goes to a sample of the pixel, from 0. */
  startSample(index: number): void;
  /** Fills `pair` with the numbers of a place. */
  draw(place: number): void;
  /** Puts an independent number into `pair[0]`, for choices that evenness does not help. */
  drawOne(place: number): void;
}

/** The word from which all numbers of a frame come. */
export function startOf(seed: number, frame: number): number {
  return mix(mix(mix(seed | 0) ^ Math.floor(seed / 2 ** 32)) + frame);
}

/** A sampler for a frame; `stratified: false` makes all numbers independent. */
export function makeSampler(seed: number, frame: number, stratified: boolean): Sampler {
  const start = startOf(seed, frame);
  const evenPlaces = stratified ? EVEN_PLACES : 0;
  const pair = new Float64Array(2);
  let pixelSeed = 0;
  let sampleIndex = 0;
  let reversedIndex = 0;

  return {
    pair,
    startPixel(pixel) {
      pixelSeed = mix(start + Math.imul(pixel, 0x9e3779b9));
    },
    startSample(index) {
      sampleIndex = index;
      reversedIndex = reverseBits(index);
    },
    draw(place) {
      const seedOfPlace = mix(pixelSeed + Math.imul(place + 1, 0x85ebca6b));
      if (place < evenPlaces) {
        const index = reverseBits(scramble(reversedIndex, seedOfPlace));
        pair[0] = unit(reverseBits(scramble(index, mix(seedOfPlace + 1))));
        pair[1] = unit(reverseBits(scramble(reversedSobol(index), mix(seedOfPlace + 2))));
      } else {
        const first = mix(seedOfPlace + Math.imul(sampleIndex + 1, 0xc2b2ae35));
        pair[0] = unit(first);
        pair[1] = unit(mix(first + 0x27d4eb2f));
      }
    },
    drawOne(place) {
      const word = pixelSeed + Math.imul(place + 1, 0x85ebca6b);
      pair[0] = unit(mix(mix(word) + Math.imul(sampleIndex + 1, 0xc2b2ae35)));
    },
  };
}

function unit(word: number): number {
  return (word >>> 0) / 2 ** 32;
}

/** Chris Wellons' `lowbias32` (https://nullprogram.com/blog/2018/07/31/): every bit moves each. */
function mix(word: number): number {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

/** Laine and Karras' hash: a bit depends on lower ones alone; on reversed bits an Owen scramble. */
function scramble(word: number, seed: number): number {
  let x = (word + seed) | 0;
  x ^= Math.imul(x, 0x6c50b47c);
  x ^= Math.imul(x, 0xb82f1e52);
  x ^= Math.imul(x, 0xc7afe638);
  return x ^ Math.imul(x, 0x8d22f6e6);
}

/**
 * The second dimension of Sobol's sequence, its bits reversed. Its generator matrix is Pascal's
 * triangle modulo 2: bit i is the sum of the index's bits j with every bit of i set in j.
 */
function reversedSobol(index: number): number {
  let x = index;
  x ^= (x >>> 1) & 0x55555555;
  x ^= (x >>> 2) & 0x33333333;
  x ^= (x >>> 4) & 0x0f0f0f0f;
  x ^= (x >>> 8) & 0x00ff00ff;
  return x ^ (x >>> 16);
}

function reverseBits(word: number): number {
  let x = word;
  x = ((x >>> 1) & 0x55555555) | ((x & 0x55555555) << 1);
  x = ((x >>> 2) & 0x33333333) | ((x & 0x33333333) << 2);
  x = ((x >>> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
  x = ((x >>> 8) & 0x00ff00ff) | ((x & 0x00ff00ff) << 8);
  return (x >>> 16) | (x << 16);
}
