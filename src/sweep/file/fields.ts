import * as z from "zod";
import { bytes, DURATION, MEMORY, milliseconds } from "./units.ts";

/**
 * What a placeholder can stand for; which key may hold which is in the schema. A message reads
 * `expected a duration such as 30m, got "soon"`: the schema's errors are its first half.
 */
export type Scope = "parameters" | "point.index" | "point.name" | "folders" | "chunk";

/** What the reference page says of a key beside its description. */
export interface Reference {
  readonly type: string;
  /** Shown where the schema itself has no default; null: there is none. */
  readonly default?: string;
  readonly placeholders?: readonly Scope[];
}

export const reference = z.registry<Reference>();

/** Everything that is rendered for a task. */
export const TASK_SCOPES: readonly Scope[] = [
  "parameters",
  "point.index",
  "point.name",
  "folders",
  "chunk",
];
export const POINT_SCOPES: readonly Scope[] = ["parameters", "point.index", "point.name"];
export const NAME_SCOPES: readonly Scope[] = ["parameters", "point.index"];

/** A key of the file: what it means and how the reference shows it. */
export function key<T extends z.ZodType>(schema: T, description: string, entry: Reference): T {
  const described = schema.describe(description);
  reference.add(described, entry);
  return described;
}

/** A text that is not empty. */
export function text(expected: string): z.ZodString {
  return z.string({ error: expected }).min(1, { error: expected });
}

export function pattern(form: RegExp, expected: string): z.ZodString {
  return z.string({ error: expected }).regex(form, { error: expected, abort: true });
}

export function integer(min: number, max: number, expected: string): z.ZodNumber {
  const error = expected;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

export function choice<const T extends readonly [string, ...string[]]>(
  values: T,
  expected: string,
) {
  return z.enum(values, { error: expected });
}

export function flag() {
  return z.boolean({ error: "expected true or false" });
}

export function strict<T extends z.core.$ZodLooseShape>(shape: T, expected: string) {
  return z.strictObject(shape, { error: expected });
}

export function list<T extends z.ZodType>(item: T, expected: string) {
  return z.array(item, { error: expected });
}

/** A parameter's value. Numbers that JavaScript cannot hold are told apart by `readValue`. */
export const value = z.union([z.string(), z.number(), z.boolean()], {
  error: "expected a text, a number, true or false",
});

/** A text that may be written without quotes: `env: {THREADS: 4}` means "4". */
export const written = z.union([z.string(), z.number(), z.boolean()], { error: "expected a text" });

const DURATION_EXPECTED = "expected a duration such as 30m, 1h30m, 90s or 500ms";

/** Milliseconds. */
export const duration = pattern(DURATION, DURATION_EXPECTED)
  .refine((input) => milliseconds(input) >= 1, {
    error: "expected a duration of at least 1ms",
    abort: true,
  })
  .refine((input) => milliseconds(input) <= 365 * 86_400_000, {
    error: "expected a duration of at most 365d",
  })
  .transform(milliseconds);

const MEMORY_EXPECTED = "expected an amount of memory such as 512Mi, 1G or 1.5GiB";

/** Bytes. */
export const memory = pattern(MEMORY, MEMORY_EXPECTED)
  .refine((input) => bytes(input) >= 1 && Number.isSafeInteger(bytes(input)), {
    error: MEMORY_EXPECTED,
  })
  .transform(bytes);

/** Words as a list, or as one text that is split like a shell does. */
export function words(expected: string) {
  return z.union([z.array(written), z.string()], { error: expected });
}
