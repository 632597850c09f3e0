/** The random numbers of ../sampler.ts. */

/** Pairs with a higher place are independent random numbers. */
const EVEN_PLACES = 11;

/** What ../sampler.ts makes of the seed and the frame. */
export let start: i32 = 0;
export let stratify: bool = false;

/** The two numbers of the last `draw`. */
export let first: f64 = 0;
export let second: f64 = 0;

let pixelSeed: i32 = 0;
let sampleIndex: i32 = 0;
let reversedIndex: i32 = 0;

/** Goes to a pixel, by a number that no other pixel of the picture has. */
export function startPixel(pixel: i32): void {
  pixelSeed = mix(start + pixel * <i32>0x9e3779b9);
}

/** Goes to a sample of the pixel, from 0. */
export function startSample(index: i32): void {
  sampleIndex = index;
  reversedIndex = reverseBits(index);
}

/** Sets `first` and `second` to the numbers of a place. */
export function draw(place: i32): void {
  const seed = mix(pixelSeed + (place + 1) * <i32>0x85ebca6b);
  if (stratify && place < EVEN_PLACES) {
    const index = reverseBits(scramble(reversedIndex, seed));
    first = unit(reverseBits(scramble(index, mix(seed + 1))));
    second = unit(reverseBits(scramble(reversedSobol(index), mix(seed + 2))));
  } else {
    const word = mix(seed + (sampleIndex + 1) * <i32>0xc2b2ae35);
    first = unit(word);
    second = unit(mix(word + 0x27d4eb2f));
  }
}

/** Sets `first` to an independent number, for choices that evenness does not help. */
export function drawOne(place: i32): void {
  const word = mix(pixelSeed + (place + 1) * <i32>0x85ebca6b);
  first = unit(mix(word + (sampleIndex + 1) * <i32>0xc2b2ae35));
}

function unit(word: i32): f64 {
  return <f64>(<u32>word) / 4294967296.0;
}

function mix(word: i32): i32 {
  let x = <u32>word;
  x = (x ^ (x >> 16)) * 0x7feb352d;
  x = (x ^ (x >> 15)) * 0x846ca68b;
  return x ^ (x >> 16);
}

function scramble(word: i32, seed: i32): i32 {
  let x = word + seed;
  x ^= x * 0x6c50b47c;
  x ^= x * <i32>0xb82f1e52;
  x ^= x * <i32>0xc7afe638;
  return x ^ (x * <i32>0x8d22f6e6);
}

function reversedSobol(index: i32): i32 {
  let x = <u32>index;
  x ^= (x >> 1) & 0x55555555;
  x ^= (x >> 2) & 0x33333333;
  x ^= (x >> 4) & 0x0f0f0f0f;
  x ^= (x >> 8) & 0x00ff00ff;
  return x ^ (x >> 16);
}

function reverseBits(word: i32): i32 {
  let x = <u32>word;
  x = ((x >> 1) & 0x55555555) | ((x & 0x55555555) << 1);
  x = ((x >> 2) & 0x33333333) | ((x & 0x33333333) << 2);
  x = ((x >> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
  x = ((x >> 8) & 0x00ff00ff) | ((x & 0x00ff00ff) << 8);
  return (x >> 16) | (x << 16);
}
