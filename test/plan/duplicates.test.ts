import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findDuplicates, foldCase } from "../../src/plan/duplicates.ts";

function duplicatesOf(texts: readonly string[], perPass?: number): [number, number][] {
  const found: [number, number][] = [];
  findDuplicates(
    texts.length,
    (see) => {
      for (const [index, text] of texts.entries()) see(text, index);
    },
    (earlier, later) => found.push([earlier, later]),
    perPass,
  );
  return found.sort(([, a], [, b]) => a - b);
}

/** The same with a Map that holds every text. */
function expected(texts: readonly string[]): [number, number][] {
  const first = new Map<string, number>();
  return texts.flatMap((text, index): [number, number][] => {
    const earlier = first.get(foldCase(text));
    if (earlier !== undefined) return [[earlier, index]];
    first.set(foldCase(text), index);
    return [];
  });
}

describe("finding texts that are there twice", () => {
  it.each([
    [[], []],
    [["a"], []],
    [["a", "b"], []],
    [["a", "b", "a"], [[0, 2]]],
    [
      ["a", "a", "a"],
      [
        [0, 1],
        [0, 2],
      ],
    ],
    [["", ""], [[0, 1]]],
    [["ab", "ba"], []],
    [["Run-A", "run-a"], [[0, 1]]],
    [["[", "{"], []],
    [
      ["Größe", "GRÖSSE", "größe"],
      [
        [0, 1],
        [0, 2],
      ],
    ],
    [
      ["ΟΔΟΣ", "οδος", "οδοσ"],
      [
        [0, 1],
        [0, 2],
      ],
    ],
    [["K", "\u212a"], [[0, 1]]],
  ])("%j: %j", (texts, pairs) => {
    expect(duplicatesOf(texts)).toEqual(pairs);
  });

  it("finds what a map of all texts finds, in however many passes", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.string({ unit: "grapheme", maxLength: 3 }),
      fc.constantFrom("x=1", "x=2", "X=1"),
    );
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 60 }),
        fc.integer({ min: 1, max: 70 }),
        (texts, perPass) => {
          expect(duplicatesOf(texts, perPass)).toEqual(expected(texts));
        },
      ),
    );
  });

  it("takes no two of 300,000 similar texts for one", () => {
    const texts = Array.from({ length: 300_000 }, (_, i) => `a=${i % 97}_b=${Math.floor(i / 97)}`);
    expect(duplicatesOf(texts)).toEqual([]);
  });
});
