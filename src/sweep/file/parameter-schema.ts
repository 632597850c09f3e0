import * as z from "zod";
import { integer, key, list, strict, text, value } from "./fields.ts";

/** Letters, digits, `_` and `-`, no digit first: a name that placeholders and tables can hold. */
export const PARAMETER_NAME = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
export const PARAMETER_NAME_EXPECTED =
  "expected a name of letters, digits, _ and - that begins with a letter or _ (at most 64)";

/** A parameter's name where the file refers to one. */
export const parameterName = z
  .string({ error: "expected a parameter's name" })
  .regex(PARAMETER_NAME, { error: PARAMETER_NAME_EXPECTED });

function number(expected: string): z.ZodNumber {
  return z.number({ error: expected });
}

const COUNT = "expected a count: a whole number of at least 1";
const count = integer(1, Number.MAX_SAFE_INTEGER, COUNT);

function ends(name: string) {
  const expected = `expected [start, stop, count], as ${name}`;
  return z.tuple(
    [number("expected a number to start at"), number("expected a number to stop at"), count],
    {
      error: expected,
    },
  );
}

const samples = key(count, "How many values are drawn.", { type: "whole number" });
const min = key(number("expected a number"), "The smallest value.", { type: "number" });
const max = key(number("expected a number"), "The largest value.", { type: "number" });
const q = key(number("expected a number").optional(), "Values are rounded to multiples of this.", {
  type: "number",
  default: "1",
});
const mu = key(number("expected a number").optional(), "The mean (of the logarithm, for log_).", {
  type: "number",
  default: "0",
});
const sigma = key(
  number("expected a number").optional(),
  "The standard deviation (of the logarithm, for log_).",
  { type: "number", default: "1" },
);
const a = key(number("expected a number").optional(), "The first shape of beta.", {
  type: "number",
  default: "1",
});
const b = key(number("expected a number").optional(), "The second shape of beta.", {
  type: "number",
  default: "1",
});

function named<const T extends readonly [string, ...string[]]>(names: T) {
  return z.enum(names);
}

const drawn = z.discriminatedUnion(
  "distribution",
  [
    strict({ distribution: named(["constant"]), samples, value }, "expected a mapping"),
    strict(
      {
        distribution: named(["categorical"]),
        samples,
        values: list(value, "expected a list of values"),
        probabilities: list(number("expected a number"), "expected a list of numbers").optional(),
      },
      "expected a mapping",
    ),
    strict(
      {
        distribution: named([
          "int_uniform",
          "uniform",
          "log_uniform",
          "log_uniform_values",
          "inv_log_uniform",
          "inv_log_uniform_values",
        ]),
        samples,
        min,
        max,
      },
      "expected a mapping",
    ),
    strict(
      {
        distribution: named(["q_uniform", "q_log_uniform", "q_log_uniform_values"]),
        samples,
        min,
        max,
        q,
      },
      "expected a mapping",
    ),
    strict(
      { distribution: named(["normal", "log_normal"]), samples, mu, sigma },
      "expected a mapping",
    ),
    strict(
      { distribution: named(["q_normal", "q_log_normal"]), samples, mu, sigma, q },
      "expected a mapping",
    ),
    strict({ distribution: named(["beta"]), samples, a, b }, "expected a mapping"),
    strict({ distribution: named(["q_beta"]), samples, a, b, q }, "expected a mapping"),
  ],
  { error: "expected a distribution's name" },
);

/** The names of all distributions, for suggestions. */
export const DISTRIBUTIONS: readonly string[] = drawn.options.flatMap(
  (option) => option.shape.distribution.options,
);

const parameter = z.union(
  [
    list(value, "expected a list of values"),
    value,
    strict(
      { range: text('expected a range such as "1-20" or "1-100:2,200"') },
      "expected a mapping",
    ),
    strict({ linspace: ends("[0, 1, 11]") }, "expected a mapping"),
    strict({ logspace: ends("[0.001, 1000, 7]") }, "expected a mapping"),
    strict({ file: text("expected the path of a .csv or .jsonl file") }, "expected a mapping"),
    drawn,
  ],
  {
    error:
      "expected a list of values, or one of {range: ...}, {linspace: ...}, {logspace: ...}, " +
      "{distribution: ..., samples: ...} and {file: ...}",
  },
);

export type ParameterSpec = z.output<typeof parameter>;

export const parameters = z.record(
  z.string().regex(PARAMETER_NAME, { error: PARAMETER_NAME_EXPECTED }),
  parameter,
  { error: "expected a mapping of parameter names to values" },
);

/** An entry of `exclude` or `include`. */
export const entry = z.record(
  z.string().regex(PARAMETER_NAME, { error: PARAMETER_NAME_EXPECTED }),
  value,
  { error: "expected a mapping of parameter names to values" },
);
