/**
 * Repeatable random numbers: xoshiro128**, seeded by SplitMix64.
 *
 * Both are by David Blackman and Sebastiano Vigna ("Scrambled Linear Pseudorandom Number
 * Generators", ACM TOMS 47, 2021); the code follows their public domain sources
 * https://prng.di.unimi.it/xoshiro128starstar.c and https://prng.di.unimi.it/splitmix64.c.
 */

/** The 128 bits of a generator, as four 32-bit words, not all zero. */
export type State = readonly [number, number, number, number];

/** A generator of numbers in [0, 1), multiples of 2^-32. The same seed gives the same numbers. */
export function seededRandom(seed: number): () => number {
  const next = xoshiro128(stateOf(seed));
  return () => next() / 2 ** 32;
}

/** A generator of whole numbers in [0, 2^32). */
export function xoshiro128(state: State): () => number {
  let [a, b, c, d] = state;
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
}

/** A generator of whole numbers in [0, 2^64). */
export function splitMix64(seed: bigint): () => bigint {
  let state = seed;
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let mixed = state;
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return mixed ^ (mixed >> 31n);
  };
}

/** Seeds that differ in one bit, like 1 and 3, must not start alike: hence a generator to seed one. */
function stateOf(seed: number): State {
  const next = splitMix64(BigInt(seed));
  const [first, second] = [next(), next()];
  return [low32(first), high32(first), low32(second), high32(second)];
}

function low32(value: bigint): number {
  return Number(value & 0xffffffffn);
}

function high32(value: bigint): number {
  return Number(value >> 32n);
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
