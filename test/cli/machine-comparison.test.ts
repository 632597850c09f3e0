import { expect, it } from "vitest";
import { comparisonJson, comparisonText } from "../../src/cli/machine-comparison.ts";
import type { MachineComparison } from "../../src/run/compare-machines.ts";

const forecast = (name: string, cpus: number, pricePerHour: number, seconds: number) => ({
  size: {
    name,
    cpus,
    memory: cpus * 2 * 2 ** 30,
    disk: null,
    pricePerHour,
    pricePerMonth: null,
    regions: ["nyc3"],
    available: true,
    description: "",
  },
  workers: cpus,
  seconds,
  cost: (pricePerHour * seconds) / 3600,
});
const comparison: MachineComparison = {
  provider: "digitalocean",
  currency: "USD",
  points: 36,
  cpuSeconds: 100,
  parallelShare: 0.95,
  forecasts: [
    forecast("c-2", 2, 0.06, 1920),
    forecast("c-4", 4, 0.2, 2000),
    forecast("c-8", 8, 0.25, 570),
  ],
};

it("shows the sizes worth choosing, the cheapest and the fastest marked", () => {
  expect(comparisonText(comparison)).toBe(
    [
      "36 points of 1 min 40 s CPU time each, 95 % of it parallel, on one machine of digitalocean:",
      "",
      "size  cpus   memory  an hour  at once         time    cost",
      "c-2      2  4.0 GiB    $0.06        2  32 min 00 s  $0.032  cheapest",
      "c-8      8   16 GiB    $0.25        8   9 min 30 s   $0.04  fastest",
      "",
      "1 other size would be neither faster nor cheaper; --json has all.",
      "Times include two minutes to start and to give back. A model: every processor counts as being as fast as the one that was measured.",
      "",
    ].join("\n"),
  );
});

it("says that there is none", () => {
  expect(comparisonText({ ...comparison, forecasts: [] })).toBe(
    "digitalocean has no size for this sweep.\n",
  );
});

it("gives other programs all of them", () => {
  expect(comparisonJson(comparison)).toMatchObject({
    points: 36,
    sizes: [{ name: "c-2", seconds: 1920 }, { name: "c-4" }, { name: "c-8", workers: 8 }],
  });
});
