import assert from "node:assert/strict";
import { test } from "node:test";
import { type State, seededRandom, splitMix64, xoshiro128 } from "../random.ts";

// What the C sources cited in random.ts print for these states and seeds.
const xoshiroSequences: { state: State; expected: number[] }[] = [
  {
    state: [1, 2, 3, 4],
    expected: [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849],
  },
  {
    state: [0x964d4a0c, 0xd40ab895, 0xad7fdecb, 0x3006f0f0],
    expected: [0xf1391922, 0x6fe53806, 0xa5be2840, 0xf510ee70],
  },
];

for (const { state, expected } of xoshiroSequences) {
  test(`xoshiro128** from ${state} gives its authors' numbers`, () => {
    const next = xoshiro128(state);
    assert.deepEqual(expected.map(next), expected);
  });
}

const splitMixSequences = [
  {
    seed: 1234567n,
    expected: [
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ],
  },
  { seed: 0n, expected: [0xe220a8397b1dcdafn, 0x6e789e6aa1b965f4n] },
];

for (const { seed, expected } of splitMixSequences) {
  test(`SplitMix64 from ${seed} gives its author's numbers`, () => {
    const next = splitMix64(seed);
    assert.deepEqual(expected.map(next), expected);
  });
}

test("the same seed gives the same numbers, another seed others", () => {
  const draw = (seed: number) => Array.from({ length: 10 }, seededRandom(seed));
  assert.deepEqual(draw(3), draw(3));
  assert.notDeepEqual(draw(3), draw(4));
});

test("every tenth of [0, 1) gets its share of the numbers", () => {
  const draws = 100_000;
  const random = seededRandom(1);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < draws; i++) {
    const value = random();
    assert.ok(value >= 0 && value < 1);
    const tenth = Math.floor(value * 10);
    counts[tenth] = (counts[tenth] ?? 0) + 1;
  }
  // Five standard deviations of a binomial of 100,000 draws with a chance of 0.1 are 474.
  for (const count of counts) assert.ok(Math.abs(count - draws / 10) < 474, `${counts}`);
});
