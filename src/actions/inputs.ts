/**
 * The inputs of an action's step. The runner fills in the defaults of `action.yml` and checks
 * nothing, `required` neither: https://github.com/actions/runner/issues/1070. So each reader here
 * says what it takes, and an input without a default in `action.yml` is read by an `optional…` one.
 */
import { getInput, setSecret } from "@actions/core";
import { ReportedError } from "../sweep/errors.ts";
import { nearest } from "../sweep/suggest.ts";

/** Which whole numbers an input takes, both ends included. */
export interface Range {
  readonly least: number;
  /** Default: no limit but that of exact numbers. */
  readonly most?: number;
}

/** Text that has to be there; spaces around it are dropped. Every reader throws ReportedError (2). */
export function text(name: string): string {
  const value = getInput(name);
  if (value === "") throw missing(name, "Set it");
  return value;
}

/** Text, or null where the input is absent or empty. */
export function optionalText(name: string): string | null {
  const value = getInput(name);
  return value === "" ? null : value;
}

/** The lines of an input, trimmed, without empty ones. `#` starts no comment. */
export function lines(name: string): string[] {
  return getInput(name)
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** A boolean as YAML 1.2 writes it: https://yaml.org/spec/1.2.2/#1032-tag-resolution */
export function flag(name: string): boolean {
  const value = optionalFlag(name);
  if (value === null) throw missing(name, "Write true or false");
  return value;
}

/** As `flag`, or null where the input is absent or empty. */
export function optionalFlag(name: string): boolean | null {
  const value = getInput(name);
  if (value === "") return null;
  if (["true", "True", "TRUE"].includes(value)) return true;
  if (["false", "False", "FALSE"].includes(value)) return false;
  throw wrong(name, value, "write true or false");
}

/** A whole number in decimal digits. */
export function wholeNumber(name: string, range: Range): number {
  const value = optionalWholeNumber(name, range);
  if (value === null) throw missing(name, `Write ${described(range)}`);
  return value;
}

/** As `wholeNumber`, or null where the input is absent or empty. */
export function optionalWholeNumber(name: string, range: Range): number | null {
  const value = getInput(name);
  if (value === "") return null;
  const number = inRange(value, range);
  if (number === null) throw wrong(name, value, `write ${described(range)}`);
  return number;
}

/** A whole number, or a word that stands for one, as `auto`. */
export function wholeNumberOr<const Word extends string>(
  name: string,
  word: Word,
  range: Range,
): number | Word {
  const value = getInput(name);
  if (value === word) return word;
  if (value === "") throw missing(name, `Write ${word}, or ${described(range)}`);
  const number = inRange(value, range);
  if (number === null) throw wrong(name, value, `write ${word}, or ${described(range)}`);
  return number;
}

/** One of some words, in their own case. */
export function choice<const Word extends string>(name: string, words: readonly Word[]): Word {
  const value = getInput(name);
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  const allowed = new Intl.ListFormat("en-GB", { type: "disjunction" }).format(words);
  if (value === "") throw missing(name, `Write ${allowed}`);
  const near = nearest(value, words);
  const remedy = near === null ? `write ${allowed}` : `did you mean ${near}? Write ${allowed}`;
  throw wrong(name, value, remedy);
}

/** A secret, which the runner hides in every log from here on, or null where there is none. */
export function secret(name: string): string | null {
  const value = getInput(name);
  if (value === "") return null;
  setSecret(value);
  return value;
}

/**
 * `NAME=value` lines whose values are secrets, which the runner hides in every log from here on.
 * No error shows any of it: a line that has no name may be the rest of the secret before it.
 */
export function namedSecrets(name: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [i, line] of lines(name).entries()) {
    const [, key, value = ""] = /^([A-Za-z0-9_.-]+)=(.*)$/.exec(line) ?? [];
    setSecret(value === "" ? line : value);
    if (key === undefined || value === "") {
      throw new ReportedError(
        2,
        `Line ${i + 1} of the input "${name}" is not NAME=value.\n` +
          "Write one secret a line; one of several lines has to be encoded, as with base64.",
      );
    }
    if (found.has(key)) {
      throw new ReportedError(2, `The input "${name}" has ${key} twice: remove one of the lines.`);
    }
    found.set(key, value);
  }
  return found;
}

function inRange(value: string, { least, most = Number.MAX_SAFE_INTEGER }: Range): number | null {
  if (!/^(0|[1-9]\d*)$/.test(value)) return null;
  const number = Number(value);
  return number >= least && number <= most ? number : null;
}

function described({ least, most }: Range): string {
  return `a whole number from ${least}${most === undefined ? "" : ` to ${most}`}`;
}

function missing(name: string, remedy: string): ReportedError {
  return new ReportedError(
    2,
    `The input "${name}" is missing. ${remedy} under "with:" of the step.`,
  );
}

function wrong(name: string, value: string, remedy: string): ReportedError {
  const shown = JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  return new ReportedError(2, `The input "${name}" is ${shown}: ${remedy}.`);
}
