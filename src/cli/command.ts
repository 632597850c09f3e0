import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { EngineChoice, ResumeMode } from "../index.ts";

/** Makes a handler that returns an exit code into an action of commander. */
export function exits<Arguments extends unknown[]>(
  handler: (...args: Arguments) => Promise<number>,
): (...args: Arguments) => Promise<void> {
  return async (...args) => {
    process.exitCode = await handler(...args);
  };
}

/** A command with its place in `--help`; `examples` are lines of command and explanation. */
export function newCommand(name: string, summary: string, examples: readonly [string, string][]) {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, meaning]) => `  ${line.padEnd(width)}  ${meaning}`);
  return new Command(name)
    .description(summary)
    .addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

// Repeated here, because their own modules load what `--help` and completion can do without.
export const ENGINES = ["auto", "docker", "process"] as const satisfies readonly EngineChoice[];
export const RESUME_MODES = [
  "auto",
  "failed",
  "missing",
  "off",
] as const satisfies readonly ResumeMode[];

export const engineOption = () =>
  new Option(
    "--engine <name>",
    "where points run; auto: docker where a daemon answers, else process",
  )
    .choices(ENGINES)
    .default("auto" as const);

export const paramOption = () =>
  new Option("--param <name=values>", "replace or add a parameter: seed=1-5, x=0.1,0.2 (repeats)")
    .argParser(gather)
    .default([] as string[], "none");

export const setOption = () =>
  new Option("--set <key=value>", "set any other key of the sweep: timeout=5m (repeats)")
    .argParser(gather)
    .default([] as string[], "none");

export const yesOption = () =>
  new Option("-y, --yes", "do what is asked about, as more than 1,000,000 points");

export const allowOutsideOption = () =>
  new Option("--allow-outside", "take inputs and templates from outside the sweep's repository");

export const jsonOption = () => new Option("--json", "print data as JSON on standard output");

function gather(value: string, earlier: string[]): string[] {
  if (!value.includes("=")) throw new InvalidArgumentError("It is written name=value.");
  return [...earlier, value];
}

/** Reads a whole number from `least` up. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`Expected a whole number from ${least}.`);
    }
    return value;
  };
}
