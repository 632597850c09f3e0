import assert from "node:assert/strict";
import { test } from "node:test";
import { cosineOfTurn, fade, sineOfTurn } from "../fast-math.ts";
import { makeSampler } from "../sampler.ts";

/** The pairs of a place for the first samples of a pixel. */
function pairs(
  stratified: boolean,
  place: number,
  count: number,
  seed = 1,
  frame = 0,
): [number, number][] {
  const sampler = makeSampler(seed, frame, stratified);
  sampler.startPixel(1234);
  return Array.from({ length: count }, (_, index) => {
    sampler.startSample(index);
    sampler.draw(place);
    return [sampler.pair[0] ?? Number.NaN, sampler.pair[1] ?? Number.NaN];
  });
}

for (const place of [0, 1, 2, 5, 10]) {
  test(`stratified pairs of place ${place}: one in each of 64 boxes of every shape`, () => {
    for (const columns of [1, 2, 4, 8, 16, 32, 64]) {
      const rows = 64 / columns;
      const boxes = pairs(true, place, 64).map(([u, v]) => {
        return Math.floor(u * columns) + columns * Math.floor(v * rows);
      });
      assert.equal(new Set(boxes).size, 64, `${columns} columns`);
    }
  });
}

for (const [name, stratified, place] of [
  ["random", false, 3],
  ["deep", true, 40],
] as const) {
  test(`${name} pairs are even and independent in the long run`, () => {
    const count = 1 << 16;
    const boxes = new Array<number>(64).fill(0);
    for (const [u, v] of pairs(stratified, place, count)) {
      assert.ok(u >= 0 && u < 1 && v >= 0 && v < 1);
      const box = Math.floor(u * 8) + 8 * Math.floor(v * 8);
      boxes[box] = (boxes[box] ?? 0) + 1;
    }
    const chi = boxes.reduce((sum, found) => sum + (found - count / 64) ** 2 / (count / 64), 0);
    // 63 degrees of freedom: beyond 110 once in 5,000.
    assert.ok(chi < 110, `${chi}`);
  });
}

test("seeds, frames and places have numbers of their own; the same ones the same", () => {
  const [first, again] = [pairs(true, 0, 8), pairs(true, 0, 8)];
  assert.deepEqual(again, first);
  const others = [
    pairs(true, 0, 8, 2),
    pairs(true, 0, 8, 1 + 2 ** 40),
    pairs(true, 0, 8, 1, 1),
    pairs(true, 1, 8),
    pairs(false, 0, 8),
  ];
  for (const other of others) assert.notDeepEqual(other, first);
  assert.equal(new Set(others.map((other) => JSON.stringify(other))).size, others.length);
});

test("the fast functions are those of Math to nine decimals", () => {
  for (let i = 0; i < 10_000; i++) {
    const turn = i / 10_000;
    assert.ok(Math.abs(sineOfTurn(turn) - Math.sin(2 * Math.PI * turn)) < 1e-9);
    assert.ok(Math.abs(cosineOfTurn(turn) - Math.cos(2 * Math.PI * turn)) < 1e-9);
    assert.ok(Math.abs(fade(turn * 50) / Math.exp(-turn * 50) - 1) < 1e-9);
  }
  assert.deepEqual([fade(0), fade(1e6), fade(Number.POSITIVE_INFINITY)], [1, 0, 0]);
});
