import { describe, expect, test } from "vitest";
import { ProviderError, type Size } from "../../src/machines/provider.ts";
import {
  alternativesTo,
  describeSize,
  offerOf,
  orderSizes,
  pricePerCore,
  SIZE_ORDERS,
} from "../../src/machines/sizes.ts";

function size(name: string, cpus: number, gib: number, price: number | null, where = "a b"): Size {
  return {
    ...{ name, cpus, memory: gib * 2 ** 30, disk: null, description: "" },
    ...{ pricePerHour: price, pricePerMonth: null, available: where !== "" },
    regions: where.split(" ").filter((region) => region !== ""),
  };
}

const SIZES = [
  size("big-16", 16, 32, 0.48),
  size("big-4", 4, 8, 0.12),
  size("cheap", 1, 1, 0.01, "b"),
  size("free", 8, 4, 0),
  size("lean-4", 4, 4, 0.1, "a"),
  size("secret", 2, 64, null),
  size("sold-out", 4, 8, 0.12, ""),
];
const PROVIDER = { title: "Somebody", currency: "EUR" };

test("the price of a core is that of the machine by its cores", () => {
  expect(pricePerCore(size("x", 4, 1, 0.12))).toBeCloseTo(0.03);
  expect(pricePerCore(size("x", 4, 1, 0))).toBe(0);
  expect(pricePerCore(size("x", 4, 1, null))).toBeNull();
});

describe("sizes are ordered", () => {
  test.each([
    ["price-per-core", ["free", "cheap", "lean-4", "big-4", "sold-out", "big-16", "secret"]],
    ["price", ["free", "cheap", "lean-4", "big-4", "sold-out", "big-16", "secret"]],
    ["cpus", ["cheap", "secret", "lean-4", "big-4", "sold-out", "free", "big-16"]],
    ["memory", ["cheap", "free", "lean-4", "big-4", "sold-out", "big-16", "secret"]],
    ["name", ["big-4", "big-16", "cheap", "free", "lean-4", "secret", "sold-out"]],
  ] as const)("by %s, then by price and name", (by, names) => {
    expect(orderSizes(SIZES, by).map(({ name }) => name)).toEqual(names);
    expect(orderSizes(SIZES.toReversed(), by).map(({ name }) => name)).toEqual(names);
  });

  test("by whatever is offered", () => {
    for (const by of SIZE_ORDERS) expect(orderSizes(SIZES, by)).toHaveLength(SIZES.length);
  });
});

test.each([
  [size("c-2", 2, 4, 0.0625), "USD", "c-2 (2 CPUs, 4 GiB, $0.063 an hour)"],
  [size("s", 1, 0.5, 4), "EUR", "s (1 CPU, 0.5 GiB, 4.00 EUR an hour)"],
  [size("mine", 64, 256, null), "USD", "mine (64 CPUs, 256 GiB)"],
])("a size reads as what it is", (one, currency, text) => {
  expect(describeSize(one, currency)).toBe(text);
});

describe("alternatives to a size", () => {
  const to = (name: string, region: string | null) => {
    const wanted = SIZES.find((one) => one.name === name) ?? size(name, 4, 8, 1);
    return alternativesTo(wanted, SIZES, region).map((one) => one.name);
  };

  test("are the nearest in CPUs and memory, the cheaper first where equally near", () => {
    expect(to("sold-out", null)).toEqual(["big-4", "lean-4", "free"]);
  });

  test("are to be had in the region", () => {
    expect(to("sold-out", "b")).toEqual(["big-4", "free", "big-16"]);
    expect(to("sold-out", "c")).toEqual([]);
  });
});

describe("an offer", () => {
  const offer = (name: string, region: string | null = null, count = 1) =>
    offerOf({ size: name, region, count }, SIZES, PROVIDER);
  const refusal = (...request: Parameters<typeof offer>) => {
    try {
      offer(...request);
    } catch (error) {
      if (error instanceof ProviderError) return error;
    }
    throw new Error("it was not refused");
  };

  test("is the size in the region, or in the first that has it", () => {
    expect(offer("big-4", "b")).toMatchObject({ size: { name: "big-4" }, region: "b" });
    expect(offer("cheap")).toMatchObject({ size: { name: "cheap" }, region: "b" });
  });

  test("of an unknown size names the nearest that can be had there", () => {
    const error = refusal("cheep", "a");
    expect(error.kind).toBe("invalid");
    expect(error.message).toContain('Somebody has no size "cheep"');
    expect(error.message).not.toContain("cheap (");
    expect(refusal("cheep").message).toContain("cheap (1 CPU, 1 GiB, 0.01");
  });

  test("of a size in other letters names that one first", () => {
    expect(refusal("BIG16").message).toContain("The nearest names: big-16 (");
  });

  test("of a size that is elsewhere names the regions, and what is like it here", () => {
    const error = refusal("lean-4", "b");
    expect(error.kind).toBe("out-of-stock");
    expect(error.message).toContain("It can be had in a.");
    expect(error.message).toContain(
      "Nearest to it in b: free (8 CPUs, 4 GiB, 0.00 EUR an hour), big-4 (4 CPUs, 8 GiB, 0.12",
    );
  });

  test("of a size that is nowhere says nothing of regions", () => {
    const error = refusal("sold-out");
    expect(error.kind).toBe("out-of-stock");
    expect(error.message).not.toContain("It can be had");
  });

  test("in an unknown region names the nearest", () => {
    expect(refusal("big-4", "bb")).toMatchObject({ kind: "invalid" });
    expect(refusal("big-4", "bb").message).toContain("the nearest names: b, a");
    expect(refusal("sold-out", "bb").message).toContain("cannot be had anywhere now");
  });

  test.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    "of %d machines is none",
    (count) => {
      expect(refusal("big-4", null, count)).toMatchObject({ kind: "invalid", exitCode: 2 });
    },
  );

  test("of what is long or strange is answered in a line that is safe to print", () => {
    const { message } = refusal(`\u001b[31m${"x".repeat(100_000)}`);
    expect(message.length).toBeLessThan(500);
    expect(message).not.toContain("\u001b");
  });
});
