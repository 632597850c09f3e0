import { describe, expect, it } from "vitest";
import {
  affordableSeconds,
  billedSeconds,
  money,
  rentalCost,
  totalCost,
} from "../../src/machines/cost.ts";
import type { Billing } from "../../src/machines/provider.ts";

const perSecond: Billing = {
  minimumSeconds: 60,
  minimumCost: 0.01,
  currency: "USD",
  stoppedCosts: true,
};
const rented = (seconds: number, pricePerHour: number | null = 3.6) => ({
  pricePerHour,
  created: 1_000,
  gone: 1_000 + seconds * 1000,
});

describe("what a machine costs", () => {
  it.each([
    ["an hour is its price", rented(3600), 3.6],
    ["each second counts, one that has begun too", rented(600.2), 0.601],
    ["the first minute is charged whole", rented(5), 0.06],
    ["a cheap one costs the least amount", rented(60, 0.005), 0.01],
    ["a host of one's own costs nothing", rented(60, 0), 0],
    ["without a price nobody can say", rented(60, null), null],
    ["a clock that ran backwards charges the minimum", rented(-100), 0.06],
  ] as const)("%s", (_, rental, cost) => {
    expect(rentalCost(rental, 0, perSecond)).toBe(cost);
  });

  it("goes on until now for one that is not gone", () => {
    const rental = { pricePerHour: 1, created: 0, gone: null };
    expect(billedSeconds(rental, 90_000, perSecond)).toBe(90);
  });

  it("adds up, unless the price of one is not known", () => {
    expect(totalCost([rented(3600), rented(3600)], 0, perSecond)).toBeCloseTo(7.2);
    expect(totalCost([rented(3600), rented(3600, null)], 0, perSecond)).toBeNull();
    expect(totalCost([], 0, perSecond)).toBe(0);
  });

  it("says for how long an amount lasts", () => {
    expect(affordableSeconds(1, 0.5, 2)).toBe(3600);
    expect(affordableSeconds(1, 0, 2)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("amounts of money", () => {
  it.each([
    [0, "USD", "$0.00"],
    [12.3456, "USD", "$12.35"],
    [0.126, "USD", "$0.13"],
    [0.0999, "USD", "$0.10"],
    [0.0123, "USD", "$0.012"],
    [0.00042, "USD", "$0.00042"],
    [0.06, "USD", "$0.06"],
    [1.2, "EUR", "1.20 EUR"],
  ] as const)("%d %s is %s", (amount, currency, text) => {
    expect(money(amount, currency)).toBe(text);
  });
});
