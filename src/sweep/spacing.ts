import { exp, ln, scale, split, tidy } from "./portable.ts";
import { AxisError, type Sequence } from "./sequence.ts";

/**
 * `count` numbers from start to stop, both exactly, with (start·(n−1−i) + stop·i)/(n−1) between.
 * A count of 1 is its start. Throws AxisError.
 */
export function linspace(start: number, stop: number, count: number): Sequence {
  check("linspace", start, stop, count);
  const last = count - 1;
  if (!Number.isFinite(start * last) || !Number.isFinite(stop * last)) {
    throw new AxisError(`linspace cannot compute ${count} values of this size`, {
      hint: "write smaller numbers",
    });
  }
  const spacing = Math.abs(stop / last - start / last);
  const largest = Math.max(Math.abs(start), Math.abs(stop));
  if (count > 1 && spacing < 4 * Number.EPSILON * largest) throw indistinct("linspace", count);
  const value = (position: number) => {
    if (position === 0) return start;
    if (position === last) return stop;
    // Adding 0 makes 0 of -0.
    return (start * (last - position) + stop * position) / last + 0;
  };
  return spaced(count, value, (wanted) => ((wanted - start) / (stop - start)) * last);
}

/**
 * `count` numbers from start to stop, both exactly, each the same factor from the one before,
 * to 15 digits, so that decades come out as 10 and 100. A count of 1 is its start. Throws AxisError.
 */
export function logspace(start: number, stop: number, count: number): Sequence {
  check("logspace", start, stop, count);
  for (const [at, end] of [start, stop].entries()) {
    if (end > 0) continue;
    throw new AxisError(`logspace needs values above 0, not ${end}`, {
      at,
      hint: "start and stop are the first and last value, not exponents",
    });
  }
  const last = count - 1;
  const from = split(start);
  const to = split(stop);
  const octaves = to.exponent - from.exponent;
  const mantissas = ln(to.mantissa / from.mantissa);
  const logarithm = octaves * Math.LN2 + mantissas;
  if (count > 1 && Math.abs(logarithm) / last < 2e-14) throw indistinct("logspace", count);
  const value = (position: number) => {
    if (position === 0) return start;
    if (position === last) return stop;
    // Whole octaves are taken out before the exponential, which is exact only near 1.
    const whole = Math.floor((octaves * position) / last);
    const part = (octaves * position - whole * last) / last;
    return tidy(scale(start * exp(part * Math.LN2 + (position / last) * mantissas), whole));
  };
  return spaced(count, value, (wanted) =>
    wanted > 0 ? ((ln(wanted) - ln(start)) / logarithm) * last : -1,
  );
}

/** `guess` gives where a value stands, to within a few positions. */
function spaced(
  count: number,
  value: (position: number) => number,
  guess: (value: number) => number,
): Sequence {
  return {
    length: count,
    value,
    find: (wanted) => {
      if (typeof wanted !== "number" || !Number.isFinite(wanted)) return [];
      const near = count === 1 ? 0 : Math.round(guess(wanted));
      const found = [-2, -1, 0, 1, 2]
        .map((step) => near + step)
        .find((at) => at >= 0 && at < count && value(at) === wanted);
      return found === undefined ? [] : [found];
    },
    repeats: null,
  };
}

function check(kind: string, start: number, stop: number, count: number): void {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new AxisError(`${kind} needs a whole number of values, at least 1, not ${count}`, {
      at: 2,
      hint: `write [start, stop, count]`,
    });
  }
  for (const [at, end] of [start, stop].entries()) {
    if (!Number.isFinite(end)) throw new AxisError(`${kind} cannot reach ${end}`, { at });
  }
  if (count > 1 && start === stop) {
    throw new AxisError(`${kind} gives ${count} times the same value, ${start}`, {
      at: 2,
      hint: "write two different ends, or a count of 1",
    });
  }
}

function indistinct(kind: string, count: number): AxisError {
  return new AxisError(`${kind} cannot tell ${count} values apart between these ends`, {
    at: 2,
    hint: "write fewer values, or ends further apart",
  });
}
