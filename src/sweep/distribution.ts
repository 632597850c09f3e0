import { exp, ln, tidy } from "./portable.ts";
import { type Uniforms, uniformsOf } from "./random.ts";
import {
  AxisError,
  MAX_POSITIONS,
  type Repeats,
  repeatsOf,
  type Sequence,
  show,
} from "./sequence.ts";
import type { Value } from "./sweep.ts";

/**
 * Distributions by the names, fields and defaults of Weights & Biases' sweep configuration
 * (https://docs.wandb.ai/models/sweeps/sweep-config-keys#distribution-options-for-random-and-bayesian-search).
 * The shape alone; `draws` checks what the fields say.
 */
export type Distribution =
  | { readonly distribution: "constant"; readonly value: Value }
  | {
      readonly distribution: "categorical";
      readonly values: readonly Value[];
      readonly probabilities?: readonly number[] | undefined;
    }
  | {
      readonly distribution:
        | "int_uniform"
        | "uniform"
        | "log_uniform"
        | "log_uniform_values"
        | "inv_log_uniform"
        | "inv_log_uniform_values";
      readonly min: number;
      readonly max: number;
    }
  | {
      readonly distribution: "q_uniform" | "q_log_uniform" | "q_log_uniform_values";
      readonly min: number;
      readonly max: number;
      /** Default 1. */
      readonly q?: number | undefined;
    }
  | {
      readonly distribution: "normal" | "log_normal";
      /** Default 0. */
      readonly mu?: number | undefined;
      /** Default 1. */
      readonly sigma?: number | undefined;
    }
  | {
      readonly distribution: "q_normal" | "q_log_normal";
      readonly mu?: number | undefined;
      readonly sigma?: number | undefined;
      /** Default 1. */
      readonly q?: number | undefined;
    }
  | {
      readonly distribution: "beta";
      /** Default 1. */
      readonly a?: number | undefined;
      /** Default 1. */
      readonly b?: number | undefined;
    }
  | {
      readonly distribution: "q_beta";
      readonly a?: number | undefined;
      readonly b?: number | undefined;
      /** Default 1. */
      readonly q?: number | undefined;
    };

/** How one draw is made, and what its number stands for: null where it is the value itself. */
interface Sampler {
  draw(next: Uniforms): number;
  readonly values: readonly Value[] | null;
}

/**
 * `samples` draws of a parameter. Draw i depends on random seed, parameter, distribution and i
 * alone, and is the same on every machine: more samples keep the old ones. Throws AxisError.
 */
export function draws(
  parameter: string,
  distribution: Distribution,
  samples: number,
  randomSeed: number | string,
): Sequence {
  if (!Number.isSafeInteger(samples) || samples < 1 || samples > MAX_POSITIONS) {
    throw new AxisError(
      `samples must be a whole number from 1 to ${MAX_POSITIONS}, not ${samples}`,
      {
        field: "samples",
      },
    );
  }
  const { draw, values } = sampler(distribution);
  const uniforms = uniformsOf(randomSeed, parameter);
  // Drawn when first looked at: counting the points of a sweep draws nothing.
  let drawn: Float64Array | null = null;
  const codes = () => {
    drawn ??= Float64Array.from({ length: samples }, (_, position) => draw(uniforms(position)));
    return drawn;
  };
  let repeats: Repeats | null | undefined;
  return {
    length: samples,
    value: (position) => {
      const code = codes()[position] ?? Number.NaN;
      return values === null ? code : (values[code] ?? code);
    },
    find: (value) => {
      const wanted = values === null ? value : values.indexOf(value);
      const found: number[] = [];
      codes().forEach((code, position) => {
        if (code === wanted) found.push(position);
      });
      return found;
    },
    get repeats() {
      if (repeats === undefined) repeats = repeatsOf(codes());
      return repeats;
    },
  };
}

function sampler(fields: Distribution): Sampler {
  switch (fields.distribution) {
    case "constant":
      return { draw: () => 0, values: [fields.value] };
    case "categorical":
      return categorical(fields.values, fields.probabilities ?? null);
    case "int_uniform": {
      const { min, max } = checkEnds(fields);
      for (const field of ["min", "max"] as const) {
        if (!Number.isSafeInteger(fields[field])) {
          throw wrong(field, "an integer", fields[field]);
        }
      }
      const count = max - min + 1;
      return numbers((next) => Math.min(max, min + Math.floor(next() * count)));
    }
    case "uniform":
      return numbers(uniform(checkEnds(fields)));
    case "q_uniform":
      return quantized(fields.q, uniform(checkEnds(fields)));
    case "log_uniform":
      return numbers(exponential(checkExponents(fields)));
    case "q_log_uniform":
      return quantized(fields.q, exponential(checkExponents(fields)));
    case "inv_log_uniform": {
      const { min, max } = checkExponents(fields);
      return numbers(exponential({ min: -max, max: -min }));
    }
    // Between the same values, log(1/X) is uniform where log X is: the two are one distribution.
    case "log_uniform_values":
    case "inv_log_uniform_values":
      return numbers(logUniform(checkEnds(fields)));
    case "q_log_uniform_values":
      return quantized(fields.q, logUniform(checkEnds(fields)));
    case "normal":
      return numbers(normal(fields));
    case "q_normal":
      return quantized(fields.q, normal(fields));
    case "log_normal":
      return numbers(logNormal(fields));
    case "q_log_normal":
      return quantized(fields.q, logNormal(fields));
    case "beta":
      return numbers(beta(fields));
    case "q_beta":
      return quantized(fields.q, beta(fields));
  }
}

type Draw = Sampler["draw"];

// Adding 0 makes 0 of -0.
const numbers = (draw: Draw): Sampler => ({ draw: (next) => draw(next) + 0, values: null });

/** round(x / q) · q, to 15 digits, so that a q of 0.1 gives 0.3 and not 0.30000000000000004. */
function quantized(q = 1, draw: Draw): Sampler {
  positive("q", q);
  return numbers((next) => {
    const x = draw(next);
    const steps = Math.round(x / q);
    return Number.isSafeInteger(steps) ? tidy(steps * q) : x;
  });
}

function categorical(values: readonly Value[], probabilities: readonly number[] | null): Sampler {
  if (values.length === 0) throw new AxisError("values is an empty list", { field: "values" });
  values.forEach((value, index) => {
    const first = values.indexOf(value);
    if (first !== index) {
      throw new AxisError(
        `values has ${show(value)} twice, as value ${first + 1} and ${index + 1}`,
        {
          field: "values",
          at: index,
          hint: "give it a higher probability instead",
        },
      );
    }
  });
  if (probabilities === null) {
    return { draw: (next) => Math.floor(next() * values.length), values };
  }
  if (probabilities.length !== values.length) {
    throw new AxisError(`${values.length} values but ${probabilities.length} probabilities`, {
      field: "probabilities",
      hint: "write one probability a value",
    });
  }
  const limits: number[] = [];
  let total = 0;
  for (const [at, probability] of probabilities.entries()) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new AxisError(`a probability must be from 0 to 1, not ${probability}`, {
        field: "probabilities",
        at,
      });
    }
    total += probability;
    limits.push(total);
  }
  if (Math.abs(total - 1) > 1e-9) {
    throw new AxisError(`the probabilities sum to ${tidy(total)} and not to 1`, {
      field: "probabilities",
    });
  }
  const likely = probabilities.findLastIndex((probability) => probability > 0);
  return {
    draw: (next) => {
      const u = next();
      const index = limits.findIndex((limit) => u < limit);
      // Rounding may leave the sum just below 1.
      return index === -1 ? likely : index;
    },
    values,
  };
}

interface Ends {
  readonly min: number;
  readonly max: number;
}

function uniform({ min, max }: Ends): Draw {
  return (next) => {
    const u = next();
    return min * (1 - u) + max * u;
  };
}

function exponential(ends: Ends): Draw {
  const exponent = uniform(ends);
  return (next) => exp(exponent(next));
}

function logUniform({ min, max }: Ends): Draw {
  positive("min", min);
  const draw = exponential({ min: ln(min), max: ln(max) });
  return (next) => Math.min(max, Math.max(min, draw(next)));
}

function normal({
  mu = 0,
  sigma = 1,
}: {
  mu?: number | undefined;
  sigma?: number | undefined;
}): Draw {
  finite("mu", mu);
  positive("sigma", sigma);
  if (!Number.isFinite(Math.abs(mu) + 10 * sigma)) throw wrong("sigma", "smaller", sigma);
  return (next) => mu + sigma * standardNormal(next);
}

function logNormal(fields: { mu?: number | undefined; sigma?: number | undefined }): Draw {
  const draw = normal(fields);
  const { mu = 0, sigma = 1 } = fields;
  // A draw lies within 9 sigma of mu, and e^709 is the largest there is.
  if (mu + 9 * sigma > 709) {
    throw new AxisError(`mu ${mu} and sigma ${sigma} give numbers too large to write`, {
      field: "sigma",
      hint: "mu and sigma are those of the logarithm",
    });
  }
  return (next) => exp(draw(next));
}

/** Marsaglia's polar method. */
function standardNormal(next: Uniforms): number {
  for (;;) {
    const x = 2 * next() - 1;
    const y = 2 * next() - 1;
    const square = x * x + y * y;
    if (square < 1 && square > 0) return x * Math.sqrt((-2 * ln(square)) / square);
  }
}

function beta({ a = 1, b = 1 }: { a?: number | undefined; b?: number | undefined }): Draw {
  positive("a", a);
  positive("b", b);
  return (next) => {
    const x = logGamma(a, next);
    const y = logGamma(b, next);
    return 1 / (1 + exp(y - x));
  };
}

/**
 * The logarithm of a draw from the gamma distribution of this shape: Marsaglia and Tsang, "A simple
 * method for generating gamma variables", 2000. A logarithm, since small shapes give draws below
 * the smallest number.
 */
function logGamma(shape: number, next: Uniforms): number {
  if (shape < 1) return logGamma(shape + 1, next) + ln(next()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = standardNormal(next);
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    const logV = ln(v);
    if (ln(next()) < 0.5 * x * x + d - d * v + d * logV) return ln(d) + logV;
  }
}

function checkEnds({ min, max }: Ends): Ends {
  finite("min", min);
  finite("max", max);
  if (min >= max) {
    throw new AxisError(`min ${min} is not below max ${max}`, {
      field: "min",
      hint: min === max ? "for one value write {distribution: constant, value: ...}" : null,
    });
  }
  return { min, max };
}

function checkExponents(ends: Ends): Ends {
  checkEnds(ends);
  for (const field of ["min", "max"] as const) {
    if (Math.abs(ends[field]) > 700) {
      throw new AxisError(`e to the power of ${field} ${ends[field]} is out of range`, {
        field,
        hint: "min and max are exponents of e here; log_uniform_values takes the values themselves",
      });
    }
  }
  return ends;
}

function finite(field: string, value: number): void {
  if (!Number.isFinite(value)) throw wrong(field, "a finite number", value);
}

function positive(field: string, value: number): void {
  // Below 1e-300, 1 / value and its like overflow.
  if (!(Number.isFinite(value) && value >= 1e-300)) throw wrong(field, "above 0", value);
}

function wrong(field: string, expected: string, value: number): AxisError {
  return new AxisError(`${field} must be ${expected}, not ${value}`, { field });
}
