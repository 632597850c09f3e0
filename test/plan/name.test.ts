import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nameProblem, sanitize } from "../../src/plan/name.ts";

describe("a point's name that is a safe folder name", () => {
  it.each([
    "a",
    "n1000-s001-0.5000",
    "iterations=1000_seed=1",
    ".hidden",
    "...a",
    "-1",
    "two words",
    " leading space",
    "Größe=3",
    "温度=20",
    "👩‍🔬",
    "console",
    "com",
    "com10",
    "null",
    "nul-1",
    "x".repeat(120),
    "é".repeat(60),
  ])("%j has no problem", (name) => {
    expect(nameProblem(name)).toBeNull();
  });
});

describe("a point's name that is not", () => {
  it.each([
    ["", "is empty"],
    [".", "means another folder"],
    ["..", "means another folder"],
    ["a/b", 'contains "/"'],
    ["/", 'contains "/"'],
    ["../../etc", 'contains "/"'],
    ["a\\b", 'contains "\\"'],
    ["c:", 'contains ":"'],
    ["*", 'contains "*"'],
    ["what?", 'contains "?"'],
    ['"', "contains '\"'"],
    ["<a", 'contains "<"'],
    [">a", 'contains ">"'],
    ["a|b", 'contains "|"'],
    ["a\0b", "U+0000"],
    ["a\nb", "U+000A"],
    ["a\u001b[31m", "U+001B"],
    ["a\u007f", "U+007F"],
    ["a\u0085b", "U+0085"],
    ["a\u2028b", "U+2028"],
    ["gnp\u202e.exe", "U+202E"],
    ["a\ud800", "not valid Unicode"],
    ["a.", "ends in a dot"],
    ["...", "ends in a dot"],
    ["a ", "ends in a space"],
    [" ", "ends in a space"],
    ["CON", "reserved"],
    ["nul", "reserved"],
    ["Aux.txt", "reserved"],
    ["nul .txt", "reserved"],
    ["com1", "reserved"],
    ["LPT9.tar.gz", "reserved"],
    ["com¹", "reserved"],
    ["CONIN$", "reserved"],
    ["e\u0301", "normal form NFC"],
    ["x".repeat(121), "121 bytes, more than 120"],
    ["é".repeat(61), "122 bytes, more than 120"],
  ])("%j: %s", (name, reason) => {
    expect(nameProblem(name)).toContain(reason);
  });
});

describe("sanitize", () => {
  it.each([
    ["a=1_b=2.5", "a=1_b=2.5"],
    ["+1,2@x-y", "+1,2@x-y"],
    ["a/b\\c d", "a-b-c-d"],
    ["1:2*3", "1-2-3"],
    ["é", "-"],
    ["👍", "-"],
    ["", ""],
    ["a\n\0", "a--"],
  ])("%j becomes %j", (text, expected) => {
    expect(sanitize(text)).toBe(expected);
  });

  it("leaves nothing but the letters that never need care", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(sanitize(text)).toMatch(/^[A-Za-z0-9._=+,@-]*$/);
        expect([...sanitize(text)]).toHaveLength([...text].length);
      }),
    );
  });

  it("makes any text that is short enough and begins and ends with a letter a safe name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 50 }), (text) => {
        expect(nameProblem(`x${sanitize(text)}x`)).toBeNull();
      }),
    );
  });
});
