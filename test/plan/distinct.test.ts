import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { provenDistinct } from "../../src/plan/distinct.ts";
import { foldCase } from "../../src/plan/duplicates.ts";
import { cursorText, templateParts } from "../../src/plan/text.ts";
import { sweepOf } from "./sweeps.ts";

const FOLDERS = { input: "", output: "" };

/** What is proven of a template over these parameters, and all its texts. */
function proofOf(template: string, keys: Readonly<Record<string, unknown>>) {
  const { space, command } = sweepOf({ ...keys, command: [template] });
  const parts = command.flatMap((word) => templateParts(word, FOLDERS));
  const text = cursorText(parts, space);
  const texts: string[] = [];
  const cursor = space.cursor();
  while (cursor.next()) texts.push(foldCase(text(cursor, "")));
  return { longest: provenDistinct(parts, space), texts };
}

const AB = { parameters: { a: { range: "8-12" }, b: { range: "1-3" } } };

describe("proving that all texts differ", () => {
  it.each<[string, string, Readonly<Record<string, unknown>>]>([
    ["separated by what no value has", "a{{ a }}-b{{ b }}", AB],
    ["in any order", "{{ b }}_{{ a }}", AB],
    ["of one width, next to each other", "{{ a:03d }}{{ b }}", AB],
    ["twice in the text", "{{ a }}/{{ b }}/{{ a }}", AB],
    ["beside a parameter of one value", "{{ a }}", { parameters: { ...AB.parameters, b: ["x"] } }],
    [
      "of a zip, together",
      "{{ a }}-{{ b }}",
      { parameters: { a: ["x", "y"], b: [1, 2], c: { range: "1-4" } }, combine: "(a * b, c)" },
    ],
    ["left by exclude", "{{ a }}-{{ b }}", { ...AB, exclude: [{ a: 9, b: 1 }] }],
    [
      "to which include adds nothing that counts",
      "{{ a }}-{{ b }}",
      { ...AB, include: [{ c: 1 }] },
    ],
  ])("works for values %s", (_what, template, keys) => {
    const { longest, texts } = proofOf(template, keys);
    expect(longest).toBe(Math.max(...texts.map((text) => text.length)));
  });

  it.each<[string, string, Readonly<Record<string, unknown>>]>([
    ["a parameter that the text lacks", "{{ a }}", AB],
    ["values that run together", "{{ a }}{{ b }}", AB],
    ["values that have the separator", "{{ a }}1{{ b }}", AB],
    ["rounded values", "{{ a:.1s }}-{{ b }}", AB],
    ["letter case", "{{ a }}", { parameters: { a: ["x", "X"] } }],
    [
      "repeated draws",
      "{{ a }}",
      { parameters: { a: { distribution: "constant", value: 1, samples: 2 } } },
    ],
    ["points of include's own", "{{ a }}-{{ b }}", { ...AB, include: [{ a: 20, b: 20 }] }],
  ])("is left to a look at every point for %s", (_what, template, keys) => {
    expect(proofOf(template, keys).longest).toBeNull();
  });

  it("never calls texts distinct that are not", () => {
    const value = fc.oneof(
      fc.string({ unit: fc.constantFrom("a", "A", "b", "-", "1", "ß", "s"), maxLength: 3 }),
      fc.integer({ min: -2, max: 12 }),
    );
    const same = (item: unknown) => `${typeof item}${item}`;
    const list = fc.uniqueArray(value, { minLength: 1, maxLength: 4, selector: same });
    const piece = fc.constantFrom("{{ a }}", "{{ b }}", "-", "a", "x", "{{ a }}", "{{ b }}");
    let proven = 0;
    fc.assert(
      fc.property(
        fc.record({ a: list, b: list }),
        fc.array(piece, { maxLength: 6 }),
        (parameters, pieces) => {
          const { longest, texts } = proofOf(pieces.join(""), { parameters });
          if (longest === null) return;
          proven += 1;
          expect(new Set(texts).size).toBe(texts.length);
        },
      ),
      { numRuns: 500 },
    );
    expect(proven).toBeGreaterThan(50);
  });
});
