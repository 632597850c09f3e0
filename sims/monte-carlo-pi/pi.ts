/**
 * The number π from random points: of points spread evenly over the unit square, a share of π/4
 * lies in the quarter circle of radius 1 around its corner at (0, 0).
 *
 * Metropolis and Ulam named the method: "The Monte Carlo Method", JASA 44, 1949.
 */

/** Called with each point: `x` and `y` in [0, 1), and whether it lies in the quarter circle. */
export type Visit = (x: number, y: number, inside: boolean) => void;

/**
 * Estimates π, with a standard error of 4·√(π/4·(1 − π/4)) / √iterations ≈ 1.64 / √iterations.
 *
 * @param iterations how many points to draw, at least 1
 * @param random gives numbers in [0, 1)
 */
export function estimatePi(iterations: number, random: () => number, visit: Visit): number {
  let hits = 0;
  for (let i = 0; i < iterations; i++) {
    const x = random();
    const y = random();
    const inside = x * x + y * y <= 1;
    if (inside) hits++;
    visit(x, y, inside);
  }
  return (4 * hits) / iterations;
}
