import { describe, expect, it } from "vitest";
import { machineOptions, minutes } from "../../src/cli/machine-options.ts";

describe("what is said about machines", () => {
  it("is nothing where no flag is given", () => {
    expect(machineOptions({})).toEqual({});
  });

  it("holds what is given, and nothing else", () => {
    const flags = { machines: "digitalocean", size: "c-2", maxCost: 2, region: undefined } as const;
    expect(machineOptions(flags)).toEqual({
      machines: { provider: "digitalocean", size: "c-2", maxCost: 2 },
    });
  });

  it.each([
    ["--size", { size: "c-2" }],
    ["--max-cost", { maxCost: 2 }],
    ["--deadline", { deadline: 60 }],
  ])("%s alone says nothing: the provider is missing", (flag, flags) => {
    expect(() => machineOptions(flags)).toThrow(`${flag} is about rented machines: say from whom`);
  });
});

describe("a deadline", () => {
  it.each([
    ["90m", 90],
    ["8h", 480],
    ["90s", 2],
    ["1s", 1],
  ])("%s is %d minutes", (text, expected) => {
    expect(minutes(text)).toBe(expected);
  });

  it.each(["soon", "", "-5m", "10"])("%j is none", (text) => {
    expect(() => minutes(text)).toThrow("Expected a duration");
  });
});
