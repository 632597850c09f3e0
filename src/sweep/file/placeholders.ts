import { suggestion } from "../suggest.ts";
import type { Isolation, SpacePoint, Template, Value } from "../sweep.ts";
import { type PlaceholderUse, parseTemplate } from "../template.ts";
import { type Scope, TASK_SCOPES } from "./fields.ts";
import type { Place, Report } from "./source.ts";
import { placeInside, type ScalarNode } from "./tree.ts";
import type { Kinds } from "./values.ts";

export interface PlaceholderContext {
  readonly report: Report;
  /** Every parameter with what its values are; null where a table could not be read. */
  readonly kinds: ReadonlyMap<string, Kinds> | null;
  /** The first point without a parameter; null where there is none, or no points could be made. */
  lacking(name: string): SpacePoint | null;
  /** The entries of `include`, to name the one that lacks a parameter. */
  readonly include: readonly Readonly<Record<string, Value>>[];
  readonly isolation: Isolation;
}

/** A piece of a scalar that is a template: the whole, or one word of a command line. */
export interface Piece {
  readonly node: ScalarNode;
  readonly text: string;
  /** Where in the scalar's text the piece begins. */
  readonly offset: number;
}

/** Parses a template and reports every placeholder that cannot stand in it. */
export function readTemplate(
  piece: Piece,
  scopes: readonly Scope[],
  context: PlaceholderContext,
): Template {
  const { template, uses, problems } = parseTemplate(piece.text);
  for (const { offset, text, message, hint } of problems) {
    if (context.report.isFull()) break;
    context.report.error(placeOf(piece, offset, text), message, hint);
  }
  for (const use of uses) {
    if (context.report.isFull()) break;
    const problem = useProblem(use, scopes, context);
    if (problem === null) continue;
    context.report.error(placeOf(piece, use.offset, use.text), problem.message, problem.hint);
  }
  return template;
}

export function wholePiece(node: ScalarNode): Piece {
  return { node, text: node.text, offset: 0 };
}

function placeOf({ node, text, offset }: Piece, at: number, found: string): Place {
  if (text === node.text) return placeInside(node, at, found);
  // A word has lost its quotes: the first such text from where it begins is the one.
  const inside = node.text.indexOf(found, offset);
  return placeInside(node, inside === -1 ? offset : inside, found);
}

interface Problem {
  readonly message: string;
  readonly hint: string | null;
}

function useProblem(
  { placeholder, text }: PlaceholderUse,
  scopes: readonly Scope[],
  context: PlaceholderContext,
): Problem | null {
  const { isolation } = context;
  const batched = isolation.kind === "batch" && scopes === TASK_SCOPES;
  switch (placeholder.kind) {
    case "folder":
      return scopes.includes("folders") ? null : notHere(text, scopes, context);
    case "chunk": {
      if (!scopes.includes("chunk")) return notHere(text, scopes, context);
      const { name } = placeholder;
      const range = isolation.kind === "batch" ? isolation.range : null;
      if (range === name) return null;
      return {
        message: `${text} needs batches over ${name}`,
        hint:
          range === null
            ? `write isolation: {batch: 50, range: ${name}}`
            : `the batches are over ${range}`,
      };
    }
    case "point":
      if (!scopes.includes(`point.${placeholder.field}`)) return notHere(text, scopes, context);
      return batched ? perPoint(text, isolation) : null;
    case "parameter": {
      if (!scopes.includes("parameters")) return notHere(text, scopes, context);
      const problem = parameterProblem(placeholder.name, placeholder.spec, scopes, context);
      return problem ?? (batched ? perPoint(text, isolation) : null);
    }
  }
}

/** One process has many points: what differs from point to point cannot stand in its command. */
function perPoint(text: string, isolation: Isolation): Problem {
  const range = isolation.kind === "batch" ? isolation.range : null;
  return {
    message: `${text} differs from point to point, and under isolation: {batch: ...} one process has many`,
    hint:
      range === null
        ? "the process reads its points from the file $SIM_POINTS"
        : `write {{ ${range}.first }} and {{ ${range}.last }}, or read the file $SIM_POINTS`,
  };
}

function parameterProblem(
  name: string,
  spec: string | null,
  scopes: readonly Scope[],
  context: PlaceholderContext,
): Problem | null {
  const { kinds } = context;
  if (kinds === null) return null;
  const known = kinds.get(name);
  if (known === undefined) {
    const choices = [...kinds.keys(), ...fields(scopes, context)];
    return {
      message: `there is no parameter ${name}`,
      hint: suggestion(name, choices, "placeholders here"),
    };
  }
  if (spec !== null && known.other !== null) {
    return {
      message: `the format ${spec} is for numbers, and ${name} can be ${JSON.stringify(known.other)}`,
      hint: `write {{ ${name} }}`,
    };
  }
  const lacking = context.lacking(name);
  return lacking === null ? null : lackingProblem(name, lacking, context);
}

/** Which point has not got a parameter that something needs, and why. */
export function lackingProblem(
  name: string,
  point: SpacePoint,
  { include }: PlaceholderContext,
): Problem {
  const values = Object.entries(point.parameters);
  const entry = include.findIndex(
    (one) =>
      Object.keys(one).length === values.length &&
      values.every(([key, value]) => one[key] === value),
  );
  const shown = values.map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(", ");
  return {
    message: `point ${point.index} {${shown}} has no ${name}`,
    hint:
      entry === -1
        ? `${name} comes from include alone: give every point one`
        : `it comes from include[${entry}]: give that entry a ${name}`,
  };
}

function notHere(text: string, scopes: readonly Scope[], context: PlaceholderContext): Problem {
  const choices = fields(scopes, context);
  if (scopes.includes("parameters")) choices.unshift("parameters");
  return {
    message: `${text} cannot stand here`,
    hint:
      choices.length === 0 ? "this key holds no placeholders" : `what can: ${choices.join(", ")}`,
  };
}

function fields(scopes: readonly Scope[], { isolation }: PlaceholderContext): string[] {
  const names: string[] = scopes.filter((scope) => scope.startsWith("point."));
  if (scopes.includes("folders")) names.push("output", "input");
  const range = isolation.kind === "batch" ? isolation.range : null;
  if (scopes.includes("chunk") && range !== null) names.push(`${range}.first`, `${range}.last`);
  return names;
}

/** Reports placeholders in a scalar whose key holds none. */
export function refusePlaceholders(path: string, node: ScalarNode, report: Report): void {
  const found = /\{\{\s*[A-Za-z_][^{}]*\}\}/.exec(node.text);
  if (found === null) return;
  report.error(
    placeInside(node, found.index, found[0]),
    `${path} holds no placeholders`,
    "it is the same for all points",
  );
}
