import { formatLocale, formatSpecifier } from "d3-format";
import type { Value } from "./sweep.ts";

// d3 writes U+2212 by default, which no program reads as a minus.
const locale = formatLocale({
  decimal: ".",
  thousands: ",",
  grouping: [3],
  currency: ["$", ""],
  minus: "-",
});

/** A wider field serves no one, and a million of them would fill the memory. */
const MAX_WIDTH = 100;

const formatters = new Map<string, (value: number) => string>();

/**
 * A value as placeholders write it: strings as they are, numbers and booleans as JavaScript writes
 * them, or a number by a d3-format specifier (https://d3js.org/d3-format#locale_format).
 * Throws a TypeError for a specifier on a string or boolean.
 */
export function formatValue(value: Value, spec: string | null): string {
  if (spec === null) return String(value);
  if (typeof value !== "number") {
    throw new TypeError(
      `the format "${spec}" is for numbers, and ${JSON.stringify(value)} is none`,
    );
  }
  return formatter(spec)(value);
}

/** Why a text is no usable format, or null where it is one. */
export function specProblem(spec: string): string | null {
  if (spec === "") return "the format behind the colon is empty";
  if (spec.startsWith(" ")) return "there is a space behind the colon";
  try {
    const { width, type } = formatSpecifier(spec);
    if (width !== undefined && width > MAX_WIDTH)
      return `a width of ${width} is above ${MAX_WIDTH}`;
    // d3 takes any letter and writes what it does not know as if there were none.
    if (!/^[%bcdefgnoprsxX]?$/.test(type)) return `"${type}" is no type of format`;
    return null;
  } catch {
    return `"${spec}" is no format`;
  }
}

function formatter(spec: string): (value: number) => string {
  let found = formatters.get(spec);
  if (found === undefined) {
    found = locale.format(spec);
    formatters.set(spec, found);
  }
  return found;
}
