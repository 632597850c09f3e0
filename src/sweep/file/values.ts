import type { Value } from "../sweep.ts";
import type { Place, Report } from "./source.ts";
import type { Node, ScalarNode } from "./tree.ts";

/** A number whose text in the file is not how JavaScript, and so every placeholder, writes it. */
export interface Respelled {
  readonly place: Place;
  readonly text: string;
  readonly value: number;
}

/** What the values of one parameter are: decides which placeholders can hold it. */
export interface Kinds {
  /** A value that is no number, or null where all are numbers. */
  readonly other: Value | null;
  readonly integers: boolean;
}

export const INTEGERS: Kinds = { other: null, integers: true };
export const NUMBERS: Kinds = { other: null, integers: false };

export function kindsOf(values: Iterable<Value>): Kinds {
  let other: Value | null = null;
  let integers = true;
  for (const value of values) {
    if (typeof value !== "number") other ??= value;
    if (!Number.isInteger(value)) integers = false;
  }
  return { other, integers };
}

/** Both together. */
export function bothKinds(one: Kinds | undefined, two: Kinds): Kinds {
  if (one === undefined) return two;
  return { other: one.other ?? two.other, integers: one.integers && two.integers };
}

/**
 * A parameter's value. Reports a number that JavaScript cannot hold and returns null; adds to
 * `respelled` where a number's text would change.
 */
export function readValue(node: Node, report: Report, respelled: Respelled[]): Value | null {
  if (node.kind !== "scalar" || node.value === null) return null;
  const { value, text, place } = node;
  if (typeof value !== "number") return value;
  const problem = numberProblem(value, text);
  if (problem !== null) {
    report.error(place, problem, `quote it to keep it as a text: "${text}"`);
    return null;
  }
  if (String(value) !== text) respelled.push({ place, text, value });
  return value;
}

/** Why a number cannot be a value, or null where it can. */
export function numberProblem(value: number, text: string): string | null {
  if (Number.isNaN(value)) return `${text} is not a number that a parameter can have`;
  if (!Number.isFinite(value)) return `${text} is too large for a number`;
  if (!Number.isSafeInteger(value) && /^[-+]?(?:\d+|0o[0-7]+|0x[0-9a-fA-F]+)$/.test(text)) {
    return `the integer ${text} is beyond 2^53, where numbers are no longer exact`;
  }
  return null;
}

/** Reads all scalars of a list; null where one of them is no value. */
export function readValues(
  nodes: readonly Node[],
  report: Report,
  respelled: Respelled[],
): readonly Value[] | null {
  const values: Value[] = [];
  for (const node of nodes) {
    const value = readValue(node, report, respelled);
    if (value !== null) values.push(value);
  }
  return values.length === nodes.length ? values : null;
}

/** One warning for all respelled numbers of a parameter, at the first. */
export function respelledWarning(
  respelled: readonly Respelled[],
  remedy: (text: string) => string,
): { place: Place; message: string; hint: string } | null {
  const [first, ...others] = respelled;
  if (first === undefined) return null;
  const more = others.length === 0 ? "" : ` (and ${others.length} more like it)`;
  return {
    place: first.place,
    message: `the number ${first.text} is written as ${first.value}${more}`,
    hint: remedy(first.text),
  };
}

export function isScalar(node: Node | undefined): node is ScalarNode {
  return node?.kind === "scalar";
}
