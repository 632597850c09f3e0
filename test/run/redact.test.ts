import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { redactor } from "../../src/run/redact.ts";

/** What is shown of these chunks, chunk by chunk, the end last. */
function redact(secrets: string[], chunks: readonly (string | Buffer)[]): string[] {
  const redacting = redactor(secrets);
  if (redacting === null) throw new Error("nothing to redact");
  const shown = chunks.map((chunk) => redacting.push(Buffer.from(chunk)));
  return [...shown, redacting.end()].map((bytes) => Buffer.from(bytes).toString());
}

describe("redaction", () => {
  test.each<[title: string, secrets: string[], chunks: string[], shown: string[]]>([
    ["a secret", ["key"], ["a key, a key"], ["a ***, a ***", ""]],
    ["a secret over two chunks", ["secret"], ["a sec", "ret b"], ["a ", "*** b", ""]],
    ["a secret over many chunks", ["abc"], ["a", "b", "c"], ["", "", "***", ""]],
    ["a beginning that leads nowhere", ["abc"], ["xab", "d"], ["x", "abd", ""]],
    ["a beginning at the end", ["abc"], ["xab"], ["x", "ab"]],
    ["a beginning inside a beginning", ["aab"], ["aa", "ab"], ["", "a***", ""]],
    ["a secret whose end is its beginning", ["abab"], ["abab", "ab"], ["***", "", "ab"]],
    ["the longer of two secrets", ["abc", "abcdef"], ["abc", "def"], ["", "***", ""]],
    ["the shorter where the longer fails", ["abc", "abcdef"], ["abc", "dx"], ["", "***dx", ""]],
    ["the shorter at the end", ["abc", "abcdef"], ["abcd"], ["", "***d"]],
    ["one inside another", ["b", "abc"], ["ab", "x", "b"], ["", "a***x", "***", ""]],
    ["letters that are no ASCII", ["pässwörd"], ["ein pässwörd"], ["ein ***", ""]],
    ["characters of patterns", ["a.b*(c)[d]\\e$^|"], ["a.b*(c)[d]\\e$^| axb"], ["*** axb", ""]],
    ["a secret read without its last newline", ["key\n"], ["key!"], ["***!", ""]],
    ["the lines of a long secret", ["-----BEGIN\nabcdefgh\n}"], ["x abcdefgh }"], ["x *** }", ""]],
  ])("%s", (_title, secrets, chunks, shown) => {
    expect(redact(secrets, chunks)).toEqual(shown);
  });

  test("a secret cut within a character", () => {
    const bytes = Buffer.from("ä🙂ö");
    expect(redact(["ä🙂ö"], [bytes.subarray(0, 3), bytes.subarray(3)])).toEqual(["", "***", ""]);
  });

  test.each([[[]], [[""]], [["", " \n"]]])("nothing to redact in %j", (secrets) => {
    expect(redactor(secrets)).toBeNull();
  });

  test("does not depend on where the chunks are cut", () => {
    const letters = fc.stringMatching(/^[ab]{1,4}$/);
    fc.assert(
      fc.property(
        fc.array(letters, { minLength: 1, maxLength: 3 }),
        fc.stringMatching(/^[abc]{0,20}$/),
        fc.array(fc.nat({ max: 20 })),
        (secrets, text, cuts) => {
          const places = [...new Set([0, ...cuts, 20])].sort((a, b) => a - b);
          const chunks = places.map((from, index) => text.slice(from, places[index + 1]));
          const whole = redact(secrets, [text]).join("");
          expect(redact(secrets, chunks).join("")).toBe(whole);
          for (const secret of secrets) expect(whole).not.toContain(secret);
        },
      ),
    );
  });
});
