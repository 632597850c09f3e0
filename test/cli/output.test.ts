import { describe, expect, it } from "vitest";
import { harmless, harmlessText } from "../../src/cli/output.ts";

describe("text of a simulation is shown without what could act on a terminal", () => {
  it.each([
    ["plain ünïcödé 日本", "plain ünïcödé 日本"],
    ["\x1b[31mred\x1b[0m", "red"],
    ["\x1b]0;a title\x07text", "text"],
    ["\x1b]8;;https://example.com\x07link\x1b]8;;\x07", "link"],
    ["back\b\b\bspace", "backspace"],
    ["50 %\r100 %", "50 %100 %"],
    ["two\nlines\r\nthree", "two lines three"],
    ["tab\there", "tab  here"],
    ["\u202egnp.exe", "gnp.exe"],
    ["\x9b31mC1", "C1"],
  ])("%j is %j", (text, shown) => {
    expect(harmless(text)).toBe(shown);
  });
});

it("text of several lines keeps them, so that a caret stays under its place", () => {
  expect(harmlessText("a.yaml:1:1: x\r\n  1 | \x1b[31my\n    | ^")).toBe(
    "a.yaml:1:1: x\n  1 | y\n    | ^",
  );
});
