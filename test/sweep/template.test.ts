import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ReportedError } from "../../src/sweep/errors.ts";
import { compileTemplate, parseTemplate, type TemplateContext } from "../../src/sweep/template.ts";

const context: TemplateContext = {
  parameters: { n: 7, x: -0.125, mode: "a b", on: true, "long-name_1": 1e21 },
  index: 3,
  name: "n7",
  folders: { output: "/mnt/data", input: "/mnt/input" },
  chunk: { name: "frame", first: 10, last: 19 },
};

const render = (text: string) => compileTemplate(parseTemplate(text).template)(context);

describe("a template renders", () => {
  test.for<[text: string, rendered: string]>([
    ["", ""],
    ["plain", "plain"],
    ["{{ n }}", "7"],
    ["{{n}}", "7"],
    ["{{\tn\n}}", "7"],
    ["a{{ n }}b{{ mode }}c", "a7ba bc"],
    ["{{ on }}", "true"],
    ["{{ x }}", "-0.125"],
    ["{{ long-name_1 }}", "1e+21"],
    ["{{ n:03d }}", "007"],
    ["{{ x:.2f }}", "-0.13"],
    ["{{ x:+.1% }}", "-12.5%"],
    ["{{ n:>4d }}", "   7"],
    ["{{ n:,.0f }}", "7"],
    ["{{ long-name_1:.3e }}", "1.000e+21"],
    ["{{ n :d}}", "7"],
    ["{{ point.index }}-{{ point.name }}", "3-n7"],
    ["{{ output }}/x {{ input }}/y", "/mnt/data/x /mnt/input/y"],
    ["{{ frame.first }}..{{ frame.last }}", "10..19"],
    ["{{{{ n }}", "{{ n }}"],
    ["{{{{{{ n }}", "{{7"],
    ["{{{{{{{{", "{{{{"],
    ["a }} b", "a }} b"],
    ["{ {n} }", "{ {n} }"],
    ['{"a": {"b": {{ n }}}}', '{"a": {"b": 7}}'],
  ])("%j as %j", ([text, rendered]) => {
    expect(render(text)).toBe(rendered);
  });
});

describe("a wrong placeholder is told with its place", () => {
  test.for<[text: string, offset: number, message: string]>([
    ["a {{ n", 2, "a placeholder is opened with {{ and not closed"],
    ["{{}}", 0, "{{}} is no placeholder"],
    ["x{{ a b }}", 1, "{{ a b }} is no placeholder"],
    ["{{ 1 }}", 0, "{{ 1 }} is no placeholder"],
    ["{{{ n }}}", 0, "{{{ n }} is no placeholder"],
    ["{{ n + 1 }}", 0, "{{ n + 1 }} is no placeholder"],
    ["{{ n: }}", 0, "in {{ n: }} the format behind the colon is empty"],
    ["{{ n:3q }}", 0, 'in {{ n:3q }} "q" is no type of format'],
    ["{{ n:.d.}}", 0, 'in {{ n:.d.}} ".d." is no format'],
    ["{{ n: 3d }}", 0, "in {{ n: 3d }} there is a space behind the colon"],
    ["{{ n:999999d }}", 0, "in {{ n:999999d }} a width of 999999 is above 100"],
    ["{{ point }}", 0, "there is no point"],
    ["{{ point.id }}", 0, "there is no point.id"],
    ["{{ output.x }}", 0, "there is no output.x"],
    ["{{ point.index:d }}", 0, "point.index takes no format"],
    ["{{ n.middle }}", 0, "there is no n.middle"],
  ])("%j", ([text, offset, message]) => {
    expect(parseTemplate(text).problems).toMatchObject([{ offset, message }]);
  });
});

test("what the context lacks is an error and never an empty text", () => {
  expect(() => render("{{ nowhere }}")).toThrow(ReportedError);
  expect(() => render("{{ seed.first }}")).toThrow(ReportedError);
});

test("a name that every object has is no parameter", () => {
  expect(() => render("{{ constructor }}")).toThrow(ReportedError);
});

test("a text with its braces doubled renders to itself", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("{", "}", "a", " ", ":") }), (text) => {
      // One `{` of two is as good as none: only pairs open a placeholder.
      const doubled = text.replaceAll("{{", "{{{{");
      fc.pre(!/\{\{\{/.test(text));
      expect(render(doubled)).toBe(text);
    }),
  );
});

test("parsing never throws, and what it finds lies where it says", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("{", "{{", "}}", "n", " ", ":", ".", "d", "point") }),
      (text) => {
        const { uses, problems } = parseTemplate(text);
        for (const found of [...uses, ...problems]) {
          expect(text.startsWith(found.text, found.offset)).toBe(true);
        }
      },
    ),
  );
});
