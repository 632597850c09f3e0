import { describe, expect, it } from "vitest";
import { philox, uniformsOf } from "../../src/sweep/random.ts";

describe("Philox4x32-10", () => {
  // Random123's known answers (kat_vectors of https://github.com/DEShawResearch/random123).
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])("makes of counter %j and key %j the words %j", (counter, [key0 = 0, key1 = 0], words) => {
    const block = Uint32Array.from(counter);
    philox(block, key0, key1);
    expect([...block]).toEqual(words);
  });
});

describe("uniform numbers", () => {
  const first = (seed: number | string, parameter: string, position: number) =>
    uniformsOf(seed, parameter)(position)();

  it("are the same for the same seed, parameter and position, in whatever order", () => {
    const numbers = uniformsOf(42, "noise");
    const forwards = [0, 1, 2, 3].map((position) => numbers(position)());
    const backwards = [3, 2, 1, 0].map((position) => numbers(position)()).reverse();
    expect(backwards).toEqual(forwards);
    expect(new Set(forwards).size).toBe(4);
  });

  it("differ by seed, its type, parameter and position", () => {
    const numbers = [
      first(42, "noise", 0),
      first(43, "noise", 0),
      first("42", "noise", 0),
      first(42, "noisy", 0),
      first(42, "noise", 1),
    ];
    expect(new Set(numbers).size).toBe(5);
  });

  it("go on without repeating for one position", () => {
    const next = uniformsOf(1, "p")(0);
    const numbers = Array.from({ length: 1000 }, next);
    expect(new Set(numbers).size).toBe(1000);
    expect(Math.min(...numbers)).toBeGreaterThan(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
  });

  it("stay what they are, since content keys depend on them", () => {
    const next = uniformsOf(42, "noise")(0);
    expect([next(), next(), next()]).toMatchInlineSnapshot(`
      [
        0.9630707129924562,
        0.8550766349328632,
        0.30085639688735155,
      ]
    `);
  });
});
