import { expect, test } from "vitest";
import { drawText, textWidth, wrapText } from "../../src/finish/font.ts";

/** A line of text as rows of dots. */
function drawn(text: string): string[] {
  const rows = Array.from({ length: 21 }, () => Array.from({ length: textWidth(text) }, () => " "));
  drawText(text, (x, y, coverage) => {
    const row = rows[y];
    if (row !== undefined && coverage > 127) row[x] = "#";
  });
  return rows.map((row) => row.join("").trimEnd()).filter((row) => row !== "");
}

test("letters have their shapes", () => {
  expect(drawn("L")).toEqual([
    ...Array.from({ length: 11 }, () => expect.stringMatching(/^ +##?$/)),
    expect.stringMatching(/^ +#{6,8}$/),
  ]);
});

test("what has no shape of its own is drawn as one that says so", () => {
  expect(drawn("\u{1f600}")).toEqual(drawn("\ufffd"));
  expect(textWidth("\u{1f600}")).toBeGreaterThan(8);
});

test.each([
  { text: "short", width: 200, lines: 2, expected: ["short"] },
  { text: "", width: 200, lines: 2, expected: [] },
  { text: "scale=12_seed=345", width: 90, lines: 2, expected: ["scale=12_", "seed=345"] },
  { text: "one two three", width: 70, lines: 3, expected: ["one two", "three"] },
  { text: "one two three four", width: 70, lines: 2, expected: ["one two", "three f…"] },
  { text: "abcdefghijkl", width: 50, lines: 3, expected: ["abcde", "fghijkl"] },
  { text: "abcdefghijkl", width: 50, lines: 1, expected: ["abc…"] },
  { text: "abc", width: 1, lines: 2, expected: ["a", "b…"] },
])("$text in $width pixels and $lines lines", ({ text, width, lines, expected }) => {
  expect(wrapText(text, width, lines)).toEqual(expected);
});
