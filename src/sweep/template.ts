import { ReportedError } from "./errors.ts";
import { formatValue, specProblem } from "./format.ts";
import type { Parameters, Placeholder, Template } from "./sweep.ts";

/** What placeholders stand for. A batch has no parameters of its own: `{}`. */
export interface TemplateContext {
  readonly parameters: Parameters;
  /** The point's, from 0. */
  readonly index: number;
  /** The point's. */
  readonly name: string;
  /** As the task sees them. */
  readonly folders: { readonly output: string; readonly input: string };
  /** The ends of a batch's range, for `{batch: N, range: name}`. */
  readonly chunk: { readonly name: string; readonly first: number; readonly last: number } | null;
}

/** Something wrong inside a template; `text` is the piece at fault. */
interface TemplateProblem {
  readonly offset: number;
  readonly text: string;
  readonly message: string;
  readonly hint: string | null;
}

/** A placeholder with its place, offsets in UTF-16 code units from 0. */
export interface PlaceholderUse {
  readonly placeholder: Placeholder;
  readonly offset: number;
  /** With its braces, as it is written. */
  readonly text: string;
}

export interface ParsedTemplate {
  readonly template: Template;
  readonly uses: readonly PlaceholderUse[];
  readonly problems: readonly TemplateProblem[];
}

/** What parameters may not be called, since placeholders mean something else by it. */
export const RESERVED_NAMES: readonly string[] = ["point", "output", "input"];

const FORMS = 'write {{ name }}, {{ name:spec }}, or {{{{ for "{{" itself';
const INSIDE = /^\s*([A-Za-z_][A-Za-z0-9_-]*)(?:\.([A-Za-z]+))?\s*(?::(.*))?$/s;

/**
 * Parses a text with placeholders. `{{{{` writes `{{`; a `}}` that closes nothing is itself.
 * Whether the names exist is not looked at.
 */
export function parseTemplate(source: string): ParsedTemplate {
  const parts: (string | Placeholder)[] = [];
  const uses: PlaceholderUse[] = [];
  const problems: TemplateProblem[] = [];
  let literal = "";
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf("{{", at);
    if (open === -1) break;
    literal += source.slice(at, open);
    if (source.startsWith("{{{{", open)) {
      literal += "{{";
      at = open + 4;
      continue;
    }
    const close = source.indexOf("}}", open + 2);
    if (close === -1) {
      const message = "a placeholder is opened with {{ and not closed";
      problems.push({ offset: open, text: source.slice(open), message, hint: FORMS });
      at = source.length;
      break;
    }
    at = close + 2;
    const text = source.slice(open, at);
    const placeholder = readPlaceholder(source.slice(open + 2, close));
    if ("message" in placeholder) {
      problems.push({ offset: open, text, ...placeholder });
      continue;
    }
    if (literal !== "") parts.push(literal);
    literal = "";
    parts.push(placeholder);
    uses.push({ placeholder, offset: open, text });
  }
  literal += source.slice(at);
  if (literal !== "") parts.push(literal);
  return { template: { source, parts }, uses, problems };
}

function readPlaceholder(inside: string): Placeholder | { message: string; hint: string } {
  const [, name, field, tail] = INSIDE.exec(inside) ?? [];
  if (name === undefined) {
    return { message: `{{${inside}}} is no placeholder`, hint: FORMS };
  }
  const spec = tail === undefined ? null : tail.trimEnd();
  const plain = field === undefined && !RESERVED_NAMES.includes(name);
  if (spec !== null && !plain) {
    const whole = field === undefined ? name : `${name}.${field}`;
    return { message: `${whole} takes no format`, hint: `write {{ ${whole} }}` };
  }
  if (plain) {
    const problem = spec === null ? null : specProblem(spec);
    if (problem === null) return { kind: "parameter", name, spec };
    return {
      message: `in {{${inside}}} ${problem}`,
      hint: "formats are d3-format's: {{ seed:03d }}, {{ noise:.4f }}, {{ share:.1% }}",
    };
  }
  if (name === "point") {
    if (field === "index" || field === "name") return { kind: "point", field };
    const written = field === undefined ? "point" : `point.${field}`;
    return {
      message: `there is no ${written}`,
      hint: "a point has {{ point.index }} and {{ point.name }}",
    };
  }
  if (name === "output" || name === "input") {
    if (field === undefined) return { kind: "folder", folder: name };
    return { message: `there is no ${name}.${field}`, hint: `write {{ ${name} }}/${field}` };
  }
  if (field === "first" || field === "last") return { kind: "chunk", name, end: field };
  return {
    message: `there is no ${name}.${field}`,
    hint: `write {{ ${name} }}, or {{ ${name}.first }} and {{ ${name}.last }} under isolation: {batch: N, range: ${name}}`,
  };
}

/**
 * A function that renders the template, to be kept and called for each point. It throws a
 * ReportedError (exit code 2) where the context lacks what a placeholder stands for.
 */
export function compileTemplate(template: Template): (context: TemplateContext) => string {
  const [first, ...rest] = template.parts.map(compilePart);
  if (first === undefined) return () => "";
  if (rest.length === 0) return first;
  return (context) => {
    let text = first(context);
    for (const part of rest) text += part(context);
    return text;
  };
}

function compilePart(part: string | Placeholder): (context: TemplateContext) => string {
  if (typeof part === "string") return () => part;
  switch (part.kind) {
    case "parameter": {
      const { name, spec } = part;
      return ({ parameters, index }) => {
        const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
        if (value === undefined) {
          throw new ReportedError(2, `point ${index} has no ${name}, which {{ ${name} }} needs`);
        }
        return formatValue(value, spec);
      };
    }
    case "point":
      return part.field === "index" ? ({ index }) => String(index) : ({ name }) => name;
    case "folder":
      return part.folder === "output"
        ? ({ folders }) => folders.output
        : ({ folders }) => folders.input;
    case "chunk": {
      const { name, end } = part;
      return ({ chunk }) => {
        if (chunk === null || chunk.name !== name) {
          throw new ReportedError(2, `{{ ${name}.${end} }} stands outside a batch over ${name}`);
        }
        return String(chunk[end]);
      };
    }
  }
}
