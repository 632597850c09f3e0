import { describe, expect, it } from "vitest";
import { estimateRun, type Measured } from "../../src/machines/estimate.ts";
import type { Billing, Offer } from "../../src/machines/provider.ts";

const billing: Billing = {
  minimumSeconds: 60,
  minimumCost: 0,
  currency: "USD",
  stoppedCosts: true,
};
const offer = (cpus: number, pricePerHour: number | null): Offer => ({
  region: "nyc3",
  size: {
    name: `c-${cpus}`,
    cpus,
    memory: 4e9,
    disk: null,
    pricePerHour,
    pricePerMonth: null,
    regions: ["nyc3"],
    available: true,
    description: "",
  },
});
const earlier: Measured = { points: 10, cpuSeconds: 100, longest: 50 };
const run = { points: 36, earlier, offer: offer(4, 1), count: 1, minutes: 480, billing };

describe("an estimate", () => {
  it.each([
    ["shares the points' work among the processors", run, 120 + 900, "measured"],
    ["shares it among machines too", { ...run, count: 2 }, 120 + 450, "measured"],
    ["is never shorter than the longest point", { ...run, points: 1 }, 120 + 50, "measured"],
    ["of nothing to do is nothing", { ...run, points: 0 }, 0, "measured"],
    ["never goes beyond the deadline", { ...run, minutes: 10 }, 600, "measured"],
    ["without an earlier run is the deadline", { ...run, earlier: null }, 28_800, "deadline"],
  ] as const)("%s", (_, given, seconds, basis) => {
    expect(estimateRun(given)).toMatchObject({ seconds, basis });
  });

  it("costs the price of every machine for that long", () => {
    expect(estimateRun({ ...run, count: 2, earlier: null }).cost).toBeCloseTo(16);
    expect(estimateRun({ ...run, offer: offer(4, null) }).cost).toBeNull();
  });
});
