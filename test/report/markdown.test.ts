import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clean,
  code,
  cut,
  fenced,
  folded,
  inline,
  shellWord,
  table,
} from "../../src/report/markdown.ts";
import { hostile } from "./hostile.ts";

describe("what stands in a summary", () => {
  it.each([
    ["colours", "\u001b[31mred\u001b[0m", "red"],
    ["links of terminals", "\u001b]8;;https://evil.example\u0007text\u001b]8;;\u0007", "text"],
    ["control characters", "a\u0000b\u0008c\u007fd\u009be", "abcde"],
    ["changes of direction", "a\u202eb\u2066c\u200fd", "abcd"],
  ])("has no %s", (_what, text, expected) => {
    expect(clean(text)).toBe(expected);
  });

  it("keeps letters of every script, tabs and line ends", () => {
    const text = "שלום\tעולם\n日本 é 😀";
    expect(clean(text)).toBe(text);
  });

  it.each([
    ["a|b`c", "a&#124;b&#96;c"],
    ["<b>&amp;", "&#60;b&#62;&#38;amp&#59;"],
    ["two\nlines\tand", "two lines and"],
    ["n=1.5_x-2", "n&#61;1&#46;5&#95;x-2"],
  ])("says %j in a line so that nothing is markup", (text, expected) => {
    expect(inline(text)).toBe(expected);
    expect(code(text)).toBe(`<code>${expected}</code>`);
  });

  it("has nothing in a line but letters, digits, spaces, dashes and references", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(inline(text).replace(/&#\d+;/g, "")).not.toMatch(/[!-,./:-@[-`{-~\n\r]/);
      }),
    );
  });

  it("leaves a block only where the block ends", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const [first = "", ...rest] = fenced(text).split("\n");
        const fence = /^`{3,}/.exec(first)?.[0] ?? "";
        expect(rest.pop()).toBe(fence);
        for (const line of rest) expect(line).not.toContain(fence);
      }),
    );
  });

  it.each([
    ["abcdef", 10, "abcdef"],
    ["abcdef", 4, "abc…"],
    ["ab😀😀", 4, "ab…"],
    ["ab😀😀", 5, "ab😀…"],
  ])("of %j, %i long, is %j", (text, length, expected) => {
    expect(cut(text, length)).toBe(expected);
  });

  it("folds blocks and lays out tables", () => {
    expect(folded("title", "content")).toBe(
      "<details><summary>title</summary>\n\ncontent\n\n</details>",
    );
    const columns = [
      { heading: "a", right: false },
      { heading: "b", right: true },
    ];
    expect(table(columns, [["x", "1"]])).toBe("| a | b |\n| --- | ---: |\n| x | 1 |");
  });

  it("gives a shell the words that were meant", () => {
    const words = ["plain", "a b", "it's", '$HOME `id` \\ "', "two\nlines", "", "x=1,2", "*?[a]"];
    const line = words.map(shellWord).join(" ");
    const printed = execFileSync("sh", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" });
    expect(printed.split("\0").slice(0, -1)).toEqual(words);
  });
});
