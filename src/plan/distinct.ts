import type { Dimension, Space } from "../sweep/sweep.ts";
import { findDuplicates, foldCase } from "./duplicates.ts";
import type { Part } from "./text.ts";

/** Positions of a dimension beyond which a look at each of them is no shortcut. */
const MAX_POSITIONS = 100_000;

/** What the texts that one part makes have in common, letter case aside. */
interface Shape {
  /** Every UTF-16 code unit that some text has. */
  readonly units: ReadonlySet<string>;
  readonly shortest: number;
  readonly longest: number;
}

/**
 * Proves, where it can without looking at the points, that no two of them have one text, letter
 * case aside: the text can be cut back into its parts in one way only, and each dimension's
 * positions differ in the parts that are theirs. Returns the length of the longest text in UTF-16
 * code units, or null where nothing is proven.
 */
export function provenDistinct(parts: readonly Part[], space: Space): number | null {
  if (!isCombined(space)) return null;
  const shapes: (string | Shape)[] = [];
  /** What each dimension's own parts make of its positions. */
  const own = new Map<Dimension, string[]>();
  for (const part of parts) {
    if (typeof part === "string") {
      const before = shapes.at(-1);
      if (typeof before === "string") shapes[shapes.length - 1] = before + foldCase(part);
      else if (part !== "") shapes.push(foldCase(part));
      continue;
    }
    if (part.kind !== "value") return null;
    const dimension = space.dimensions.find(({ names }) => names.includes(part.name));
    if (dimension === undefined || dimension.length > MAX_POSITIONS) return null;
    const column = dimension.names.indexOf(part.name);
    const texts = Array.from({ length: dimension.length }, (_, position) =>
      foldCase(part.text(dimension.value(position, column))),
    );
    shapes.push(shapeOf(texts));
    const others = own.get(dimension);
    own.set(dimension, others?.map((text, at) => `${text}\0${texts[at]}`) ?? texts);
  }
  const tellsApart = space.dimensions.every(
    (dimension) => dimension.length === 1 || areDistinct(own.get(dimension) ?? ["", ""]),
  );
  if (!tellsApart || !isReadable(shapes)) return null;
  return shapes.reduce(
    (sum, shape) => sum + (typeof shape === "string" ? shape.length : shape.longest),
    0,
  );
}

/** Whether every point is a combination of the dimensions: include's own come last. */
function isCombined(space: Space): boolean {
  const last = space.cursor(space.count - 1);
  return last.next() && last.combined;
}

function shapeOf(texts: readonly string[]): Shape {
  const units = new Set<string>();
  let shortest = Number.POSITIVE_INFINITY;
  let longest = 0;
  for (const text of texts) {
    for (const unit of text.split("")) units.add(unit);
    shortest = Math.min(shortest, text.length);
    longest = Math.max(longest, text.length);
  }
  return { units, shortest, longest };
}

/** Whether a reader knows where each part ends: by its length, or by what comes behind it. */
function isReadable(shapes: readonly (string | Shape)[]): boolean {
  return shapes.every((shape, at) => {
    if (typeof shape === "string" || shape.shortest === shape.longest) return true;
    const next = shapes[at + 1];
    return next === undefined || (typeof next === "string" && !shape.units.has(next.charAt(0)));
  });
}

function areDistinct(texts: readonly string[]): boolean {
  let distinct = true;
  findDuplicates(
    texts.length,
    (see) => {
      for (const [index, text] of texts.entries()) see(text, index);
    },
    () => {
      distinct = false;
    },
  );
  return distinct;
}
