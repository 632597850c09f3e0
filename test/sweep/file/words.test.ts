import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { splitWords } from "../../../src/sweep/file/words.ts";

const words = (text: string) => splitWords(text).words.map((word) => word.text);

/** What `sh` makes of the text, each word ended by a NUL. */
function shellWords(text: string): string[] {
  const run = spawnSync("sh", ["-c", `printf '%s\\0' ${text}`], { encoding: "utf8" });
  return run.stdout.split("\0").slice(0, -1);
}

describe("words are those of a POSIX shell", () => {
  test.for([
    "a b",
    "  a \t b  ",
    `'a b' "c d"`,
    `a'b'"c"d`,
    `''`,
    `"" a ''`,
    `"it's" 'say "x"'`,
    `a\\ b`,
    `\\'a\\"`,
    `"a\\"b"`,
    `"a\\\\b"`,
    `"a\\nb"`,
    `'a\\nb'`,
    `"\\$HOME"`,
    `\\$HOME`,
    `"\\\`x\\\`"`,
    "a\\\nb",
    `"a\\\nb"`,
    `'a\\\nb'`,
    `"a\nb"`,
    "a \\\n b",
    "-n=1 --flag=x",
    "a#b",
    `--x="1 2"`,
    "ü ☃",
    "{a,b}",
    "a=b",
    "\\\\",
    "a''b",
    `"'"`,
    `\\a\\b`,
  ])("%j", (text) => {
    expect(words(text)).toEqual(shellWords(text));
  });
});

test("a line's end separates words", () => {
  expect(words("a\nb \n c\n")).toEqual(["a", "b", "c"]);
});

describe("nothing else that a shell does", () => {
  test.for<[text: string, words: string[], inert: string[]]>([
    ["echo $HOME", ["echo", "$HOME"], ["$HOME"]],
    ['"$HOME"', ["$HOME"], ['$HOME"']],
    ["'$HOME'", ["$HOME"], []],
    ["a | b > c", ["a", "|", "b", ">", "c"], ["|", ">"]],
    ["*.png", ["*.png"], ["*.png"]],
    ["'*.png'", ["*.png"], []],
    ["a && b; c", ["a", "&&", "b;", "c"], ["&&", "&", ";"]],
    ["`x`", ["`x`"], ["`x`", "`"]],
    ["# x", ["#", "x"], ["#"]],
    ["~/x a~", ["~/x", "a~"], ["~/x"]],
    ["100$ 5 $", ["100$", "5", "$"], []],
  ])("%j stays as it is, and is told", ([text, expected, inert]) => {
    expect(words(text)).toEqual(expected);
    expect(splitWords(text).inert.map((one) => one.text)).toEqual(inert);
  });
});

describe("a placeholder never splits", () => {
  test.for<[text: string, words: string[]]>([
    ["--n {{ n }} x", ["--n", "{{ n }}", "x"]],
    ["--n={{ n }}/{{ m }}", ["--n={{ n }}/{{ m }}"]],
    ["'{{ n }}'", ["{{ n }}"]],
    ['"a {{ n }}"', ["a {{ n }}"]],
    ["{{ n:>5 }}", ["{{ n:>5 }}"]],
    ["{{ n:'>5 }}", ["{{ n:'>5 }}"]],
    ["{{{{ a }}", ["{{{{", "a", "}}"]],
    ["{{ a", ["{{", "a"]],
  ])("%j", ([text, expected]) => {
    expect(words(text)).toEqual(expected);
    expect(splitWords(text).inert).toEqual([]);
  });
});

test.for<[text: string, offset: number, message: string]>([
  ["a 'b c", 2, "the quote ' is not closed"],
  ['a"b', 1, 'the quote " is not closed'],
  ["ab\\", 2, "a backslash at the end escapes nothing"],
])("%j is unfinished", ([text, offset, message]) => {
  expect(splitWords(text).problem).toEqual({ offset, message });
});
