import assert from "node:assert/strict";
import { test } from "node:test";
import { estimatePi } from "../pi.ts";
import { newPlot, PLOT_SIZE } from "../plot.ts";
import { seededRandom } from "../random.ts";

/** Gives the numbers of a list, one a call. */
function listed(numbers: number[]): () => number {
  const rest = numbers.values();
  return () => rest.next().value ?? assert.fail("more numbers asked for than listed");
}

const handmade = [
  { name: "all inside", points: [0, 0, 0.5, 0.5], inside: [true, true], estimate: 4 },
  { name: "all outside", points: [0.9, 0.9, 0.8, 0.7], inside: [false, false], estimate: 0 },
  { name: "half inside", points: [0.1, 0.1, 0.99, 0.99], inside: [true, false], estimate: 2 },
  { name: "on the circle", points: [0.6, 0.8], inside: [true], estimate: 4 },
];

for (const { name, points, inside, estimate } of handmade) {
  test(`points ${name} give ${estimate}`, () => {
    const visits: { x: number; y: number; inside: boolean }[] = [];
    const actual = estimatePi(points.length / 2, listed(points), (x, y, inside) => {
      visits.push({ x, y, inside });
    });
    assert.equal(actual, estimate);
    assert.deepEqual(
      visits.flatMap(({ x, y }) => [x, y]),
      points,
    );
    assert.deepEqual(
      visits.map((visit) => visit.inside),
      inside,
    );
  });
}

/** Root of the mean square error over 50 seeds. */
function typicalError(iterations: number): number {
  const squares = Array.from({ length: 50 }, (_, seed) => {
    const estimate = estimatePi(iterations, seededRandom(seed), () => {});
    return (estimate - Math.PI) ** 2;
  });
  return Math.sqrt(squares.reduce((sum, square) => sum + square) / squares.length);
}

for (const iterations of [100, 1_000, 10_000, 100_000]) {
  test(`the error of ${iterations} iterations shrinks as theory says`, () => {
    // 50 samples know a standard error to about 10 %; a third is beyond three of those.
    const ratio = typicalError(iterations) / (1.642 / Math.sqrt(iterations));
    assert.ok(ratio > 2 / 3 && ratio < 4 / 3, `${ratio} times the expected error`);
  });
}

const last = PLOT_SIZE - 1;
const corners = [
  { name: "lower left", x: 0, y: 0, row: last, column: 0 },
  { name: "lower right", x: 1 - 2 ** -32, y: 0, row: last, column: last },
  { name: "upper left", x: 0, y: 1 - 2 ** -32, row: 0, column: 0 },
  { name: "upper right", x: 1 - 2 ** -32, y: 1 - 2 ** -32, row: 0, column: last },
];

for (const { name, x, y, row, column } of corners) {
  test(`a point at the ${name} colours that one pixel, by its side of the circle`, () => {
    const colours = [true, false].map((inside) => {
      const plot = newPlot();
      plot.draw(x, y, inside);
      const coloured = [...plot.pixels.entries()].filter(([, colour]) => colour !== 0);
      assert.equal(coloured.length, 1);
      const [position, colour] = coloured[0] ?? assert.fail();
      assert.equal(position, row * PLOT_SIZE + column);
      return plot.palette[colour];
    });
    assert.notDeepEqual(colours[0], colours[1]);
  });
}
