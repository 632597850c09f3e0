import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareSizes,
  type Demand,
  parallelShare,
  pointSeconds,
  type Scaling,
  worthwhile,
} from "../../src/machines/compare.ts";
import type { Billing, Size } from "../../src/machines/provider.ts";

const billing: Billing = {
  minimumSeconds: 60,
  minimumCost: 0.01,
  currency: "USD",
  stoppedCosts: true,
};
const size = (cpus: number, pricePerHour: number | null, change: Partial<Size> = {}): Size => ({
  name: `c-${cpus}`,
  cpus,
  memory: cpus * 2e9,
  disk: null,
  pricePerHour,
  pricePerMonth: null,
  regions: ["nyc3"],
  available: true,
  description: "",
  ...change,
});
/** A point of 100 CPU seconds that kept one processor busy. */
const single: Scaling = { cpuSeconds: 100, seconds: 100, longest: 120, cores: 1 };
/** The same with two processors, of which it kept 1.9 busy. */
const threaded: Scaling = { cpuSeconds: 100, seconds: 100 / 1.9, longest: 60, cores: 2 };
const demand: Demand = { points: 36, cpus: null, memory: null };

describe("the parallel share of a point", () => {
  it.each([
    ["of one that had one processor cannot be told: none", single, 0],
    ["of one that kept one of eight busy is none", { ...single, cores: 8 }, 0],
    ["of one that kept both of two busy is all", { ...threaded, seconds: 50 }, 1],
    ["of 1.9 of two is 94.7 %", threaded, 0.947],
    ["is never more than all", { ...threaded, seconds: 40 }, 1],
  ] as const)("%s", (_, scaling, share) => {
    expect(parallelShare(scaling)).toBeCloseTo(share, 3);
  });

  it("leaves a point that waits as long as it took", () => {
    expect(pointSeconds({ cpuSeconds: 0.1, seconds: 20, longest: 20, cores: 1 }, 8)).toBe(20);
  });

  it("foretells the measured time where it was measured", () => {
    expect(pointSeconds(threaded, 2)).toBeCloseTo(threaded.seconds);
    expect(pointSeconds(threaded, 1)).toBeCloseTo(100);
  });
});

describe("sizes compared for a sweep", () => {
  it.each([
    ["shares points among processors", demand, single, 4, 120 + 900],
    ["is never faster than the longest point", { ...demand, points: 2 }, single, 8, 120 + 120],
    [
      "gives few points more processors each where they can use them",
      { ...demand, points: 1 },
      { ...threaded, longest: threaded.seconds },
      4,
      120 + 100 * (1 - 18 / 19 + 18 / 19 / 4),
    ],
    ["of nothing to do is starting and ending", { ...demand, points: 0 }, single, 4, 120],
  ] as const)("%s", (_, wanted, scaling, cpus, seconds) => {
    const [forecast] = compareSizes([size(cpus, 1)], wanted, scaling, billing);
    expect(forecast?.seconds).toBeCloseTo(seconds, 3);
    expect(forecast?.cost).toBeCloseTo(Math.ceil(seconds) / 3600, 3);
  });

  it.each([
    ["without a price", size(4, null)],
    ["that cannot be had", size(4, 1, { available: false })],
    ["too small for a point's memory", size(1, 1, { memory: 1e9 })],
  ])("leaves out one %s", (_, one) => {
    const wanted = { ...demand, memory: 2e9 };
    expect(compareSizes([one], wanted, single, billing)).toEqual([]);
  });

  it("keeps those of which no other is both faster and cheaper, the cheapest first", () => {
    const sizes = [size(2, 0.06), size(4, 0.2), size(8, 0.22), size(16, 0.5)];
    const names = worthwhile(compareSizes(sizes, demand, single, billing)).map(
      ({ size: { name } }) => name,
    );
    expect(names).toEqual(["c-2", "c-8", "c-16"]);
  });

  it("more processors never make it slower", () => {
    const scalings = fc.record({
      cpuSeconds: fc.double({ min: 0.1, max: 1e4, noNaN: true }),
      seconds: fc.double({ min: 0.1, max: 1e4, noNaN: true }),
      longest: fc.double({ min: 1, max: 1e4, noNaN: true }),
      cores: fc.integer({ min: 1, max: 64 }),
    });
    fc.assert(
      fc.property(scalings, fc.integer({ min: 1, max: 1000 }), (scaling, points) => {
        const sizes = [1, 2, 4, 8, 16, 32].map((cpus) => size(cpus, 1));
        const times = sizes.map(
          (one) => compareSizes([one], { ...demand, points }, scaling, billing)[0]?.seconds ?? 0,
        );
        times.reduce((before, time) => {
          expect(time).toBeLessThanOrEqual(before * (1 + 1e-9));
          return time;
        }, Number.POSITIVE_INFINITY);
      }),
    );
  });
});
