import { AxisError, lowerBound, type Sequence } from "./sequence.ts";

/** One element of a range expression: `first`, `first + step`, ... up to at most `last`. */
interface Run {
  /** As written, ascending: what overlaps are judged by. */
  readonly low: number;
  readonly high: number;
  readonly first: number;
  readonly step: number;
  readonly count: number;
  readonly offset: number;
  readonly text: string;
}

const HINT = 'write numbers and ranges as in "1-100:2,200"';

/**
 * The integers of an Open Job Description integer range expression, ascending
 * (https://github.com/OpenJobDescription/openjd-specifications/wiki/2023-09-Template-Schemas#34111-intrangeexpr).
 * Ranges overlap by their written ends, as in the specification's table: "1-10:4,10-15" is an
 * error. A range that goes down needs a negative step, as in the reference implementation: "5-1"
 * is an error and not 5. Throws AxisError with the offset of the offending character.
 */
export function parseRange(text: string): Sequence {
  const runs = readRuns(text).sort((a, b) => a.low - b.low);
  const starts: number[] = [];
  let length = 0;
  let before: Run | null = null;
  for (const run of runs) {
    if (before !== null && run.low <= before.high) {
      const [one, two] = before.offset < run.offset ? [before, run] : [run, before];
      throw new AxisError(`range ${two.text} overlaps ${one.text}`, {
        at: two.offset,
        hint: "each number may be in one range only",
      });
    }
    starts.push(length);
    length += run.count;
    before = run;
  }
  if (length > Number.MAX_SAFE_INTEGER) {
    throw new AxisError("a range of more than 2^53 numbers", { at: 0 });
  }
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) {
    const { first, step, count } = only;
    return {
      length,
      value: (position) => first + step * position,
      find: (value) => {
        const position = positionIn(only, value);
        return position === null || position >= count ? [] : [position];
      },
      repeats: null,
    };
  }
  const lows = runs.map((run) => run.low);
  return {
    length,
    value: (position) => {
      const index = lastNotAbove(starts, position);
      const run = runs[index];
      return run === undefined
        ? Number.NaN
        : run.first + run.step * (position - (starts[index] ?? 0));
    },
    find: (value) => {
      if (typeof value !== "number") return [];
      const index = lastNotAbove(lows, value);
      const run = runs[index];
      const position = run === undefined ? null : positionIn(run, value);
      return position === null ? [] : [(starts[index] ?? 0) + position];
    },
    repeats: null,
  };
}

const ELEMENT = String.raw`\s*-?\d+\s*(?:-\s*-?\d+\s*(?::\s*-?\d+\s*)?)?`;
const FORM = new RegExp(`^${ELEMENT}(?:,${ELEMENT})*$`);

/** Whether a text has the form of a range expression; `parseRange` may still refuse it ("5-1"). */
export function isRangeExpression(text: string): boolean {
  return FORM.test(text);
}

function positionIn(run: Run, value: unknown): number | null {
  if (typeof value !== "number") return null;
  const position = (value - run.first) / run.step;
  return Number.isInteger(position) && position >= 0 && position < run.count ? position : null;
}

function lastNotAbove(ascending: readonly number[], wanted: number): number {
  const index = lowerBound(ascending, wanted);
  return ascending[index] === wanted ? index : index - 1;
}

function readRuns(text: string): Run[] {
  let at = 0;
  const skipSpace = () => {
    while (/\s/.test(text[at] ?? "")) at++;
  };
  const expected = (what: string): AxisError => {
    const found =
      at >= text.length
        ? "nothing"
        : JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0));
    return new AxisError(`expected ${what} but found ${found}`, { at, hint: HINT });
  };
  const integer = (what: string): number => {
    skipSpace();
    const from = at;
    const digits = /-?\d+/y;
    digits.lastIndex = at;
    const found = digits.exec(text)?.[0];
    if (found === undefined) {
      if (text[at] === "-") at++;
      throw expected(what);
    }
    at += found.length;
    const number = Number(found);
    if (!Number.isSafeInteger(number)) {
      throw new AxisError(`${found} is beyond 2^53, where not every integer can be told apart`, {
        at: from,
      });
    }
    skipSpace();
    // -0 is 0.
    return number + 0;
  };
  const run = (): Run => {
    skipSpace();
    const offset = at;
    const from = integer("an integer");
    if (text[at] !== "-") {
      const written = text.slice(offset, at).trimEnd();
      return { low: from, high: from, first: from, step: 1, count: 1, offset, text: written };
    }
    at++;
    const to = integer("the range's end");
    let step = 1;
    let stepAt = offset;
    if (text[at] === ":") {
      at++;
      skipSpace();
      stepAt = at;
      step = integer("the range's step");
    }
    const written = text.slice(offset, at).trimEnd();
    if (step === 0)
      throw new AxisError("a step of 0 never reaches the range's end", { at: stepAt });
    if (from !== to && from < to !== step > 0) {
      throw new AxisError(
        `range ${written} is empty: it counts ${step > 0 ? "up" : "down"} from ${from} to ${to}`,
        {
          at: stepAt,
          hint:
            from > to ? `write ${to}-${from}, or ${from}-${to}:-1` : `write ${from}-${to}:${-step}`,
        },
      );
    }
    const size = Math.abs(step);
    const span = Math.abs(to - from);
    if (!Number.isSafeInteger(span)) {
      throw new AxisError(`range ${written} has more than 2^53 numbers`, { at: offset });
    }
    const steps = Math.floor(span / size);
    const first = step > 0 ? from : from - steps * size;
    return {
      low: Math.min(from, to),
      high: Math.max(from, to),
      first,
      step: size,
      count: steps + 1,
      offset,
      text: written,
    };
  };
  const runs = [run()];
  while (at < text.length) {
    if (text[at] !== ",") throw expected(text[at - 1] === "," ? "an integer" : '"," or the end');
    at++;
    runs.push(run());
  }
  return runs;
}
