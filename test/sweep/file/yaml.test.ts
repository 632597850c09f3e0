import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDiagnostic } from "../../../src/sweep/errors.ts";
import { createReport } from "../../../src/sweep/file/source.ts";
import { type Node, nodeAt, plain } from "../../../src/sweep/file/tree.ts";
import { parseYaml } from "../../../src/sweep/file/yaml.ts";
import { problems } from "./harness.ts";

function parse(text: string): { node: Node | null; messages: string[] } {
  const report = createReport();
  const node = parseYaml(text, { name: "f", text }, 0, report);
  return {
    node,
    messages: report.diagnostics.map((one) => `${one.line}:${one.column}: ${one.message}`),
  };
}

describe("what is no sweep file is told where it breaks", () => {
  test.for<[text: string, expected: string]>([
    ["a:\n\tb: 1", "2:1: a tab cannot indent in YAML"],
    ["a: @b", "1:4: a value cannot begin with @ in YAML"],
    ["a: `b`", "1:4: a value cannot begin with ` in YAML"],
    [
      "a: [1, 2",
      "1:9: the YAML does not parse: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    ['a: "b', '1:6: the YAML does not parse: Missing closing "quote'],
    ["a: b: c", "1:4: a second key on one line, or a line indented further than its neighbours"],
    ["a: 1\na: 2", "2:1: the key a is here a second time"],
    ["a: {b: 1, 'b': 2}", "1:11: the key b is here a second time"],
    ["a: 1\n---\nb: 2", "2:1: a sweep file is one YAML document, and here a second begins"],
    ["%YAML 1.1\n---\na: yes", "1:1: a sweep file is YAML 1.2, not 1.1"],
    ["a: !!timestamp 2001-01-01", "1:4: tags are not used in a sweep file"],
    ["a: !x 1", "1:4: tags are not used in a sweep file"],
    ["a: *b", "1:4: *b stands for nothing"],
    ["a: &b [*b]", "1:8: *b stands for nothing"],
    ["a: [--n, {{ n }}]", "1:10: {{ begins a mapping in YAML, not a placeholder"],
    ["a: {{ n }}", "1:4: {{ begins a mapping in YAML, not a placeholder"],
    ["? [a]\n: b", "1:3: a key is a single word, not a list or mapping"],
    ["__proto__: 1", "1:1: __proto__ cannot be a key"],
  ])("%j", ([text, expected]) => {
    expect(parse(text).messages[0]).toBe(expected);
  });

  test.for<[text: string, expected: string]>([
    ["", "1:1: the file is empty"],
    ["# nothing", "1:1: the file is empty"],
    ["---", "1:1: the file is empty"],
    ["- a", "1:1: expected a mapping of keys such as name, parameters and command"],
    ["text", "1:1: expected a mapping of keys such as name, parameters and command"],
  ])("%j", ([text, expected]) => {
    expect(problems(text, { whole: true })).toEqual([expected]);
  });
});

test("scalars are YAML 1.2's: no and on are texts, a number's text is kept", () => {
  const { node } = parse("a: [no, on, 2001-01-01, 0o17, 0x1F, 1_000, 3.10, -0, ~, True]");
  expect(node === null ? null : plain(node)).toEqual({
    a: ["no", "on", "2001-01-01", 15, 31, "1_000", 3.1, 0, null, true],
  });
  expect(node === null ? null : nodeAt(node, ["a", 6])).toMatchObject({ text: "3.10", value: 3.1 });
});

test("anchors repeat values", () => {
  const { node } = parse("a: &x [1, 2]\nb: *x\nc: {d: *x}");
  expect(node === null ? null : plain(node)).toEqual({ a: [1, 2], b: [1, 2], c: { d: [1, 2] } });
});

describe("what would take long ends soon", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 30; i++) {
    const many = Array.from({ length: 10 }, () => `*a${i - 1}`).join(", ");
    lines.push(`a${i}: &a${i} [${many}]`);
  }
  test.for<[title: string, text: string, message: RegExp]>([
    ["anchors that multiply", lines.join("\n"), /the anchors repeat more than 20000 values/],
    ["brackets all the way", "[".repeat(100_000), /nested deeper than 50 levels/],
    ["dashes all the way", "- ".repeat(100_000), /nested deeper than 50 levels/],
    ["keys in keys", "a: ".repeat(100_000), /nested deeper than 50 levels/],
    ["braces all the way", "{a: ".repeat(100_000), /nested deeper than 50 levels/],
    ["errors without end", "]".repeat(50_000), /the YAML does not parse/],
    ["documents without end", "---\n".repeat(50_000), /a second begins/],
  ])("%s", ([, text, message]) => {
    const { node, messages } = parse(text);
    expect(node).toBeNull();
    expect(messages[0]).toMatch(message);
    expect(messages.length).toBeLessThanOrEqual(3);
  });

  test("anchors that nest", () => {
    const nested = Array.from({ length: 100 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}]`);
    expect(parse(["a0: &a0 [x]", ...nested].join("\n")).messages[0]).toMatch(
      /nested deeper than 50/,
    );
  });
});

test("any text parses or is told as wrong, and every place lies in the text", () => {
  const piece = fc.constantFrom(
    ..."[]{}:,-?&*!|>'\"%@`#\\ \n\tab1".split(""),
    ": ",
    "- ",
    "&a ",
    "*a",
    "{{ a }}",
    "\r\n",
    "---\n",
    "<<: ",
    "\u0000",
    "\ud800",
  );
  fc.assert(
    fc.property(fc.string({ unit: piece, maxLength: 60 }), (text) => {
      const report = createReport();
      const node = parseYaml(text, { name: "f", text }, 0, report);
      if (node !== null) expect(plain(node)).toBeDefined();
      for (const diagnostic of report.diagnostics) {
        const lines = text.split("\n");
        expect(diagnostic.line).toBeGreaterThanOrEqual(1);
        expect(diagnostic.line).toBeLessThanOrEqual(lines.length);
        expect(diagnostic.column).toBeLessThanOrEqual(
          (lines[diagnostic.line - 1]?.length ?? 0) + 1,
        );
        expect(formatDiagnostic(diagnostic)).toContain(diagnostic.message);
      }
    }),
    { numRuns: 2000 },
  );
});
