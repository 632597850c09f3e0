import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { MachineOptions } from "../index.ts";
import { ReportedError } from "../sweep/errors.ts";
import { duration } from "../sweep/file/fields.ts";
import { wholeNumber } from "./command.ts";

// Repeated here, because their own module loads what `--help` and completion can do without.
export const PROVIDERS = [
  "digitalocean",
  "aws",
  "hosts",
] as const satisfies readonly MachineOptions["provider"][];

export const machinesOption = () =>
  new Option("--machines <provider>", "rent a machine for the run, and give it back").choices(
    PROVIDERS,
  );

export const sizeOption = () =>
  new Option("--size <name>", "size of the machine, as the provider calls it: c-2");

export const regionOption = () =>
  new Option("--region <name>", "where (default: the provider's first that has the size)");

export const countOption = () =>
  new Option("--count <number>", "how many machines (default: 1)").argParser(wholeNumber(1));

export const deadlineOption = () =>
  new Option(
    "--deadline <duration>",
    "after which the machine powers itself off: 90m, 8h (default: 8h)",
  ).argParser(minutes);

export const maxCostOption = () =>
  new Option(
    "--max-cost <amount>",
    "refuse to rent, or stop, what would cost more than this, in dollars",
  ).argParser(amount);

/** Whole minutes of a duration such as 90m: rounded up, from 1. */
export function minutes(text: string): number {
  const parsed = duration.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError("Expected a duration such as 90m or 8h.");
  return Math.max(1, Math.ceil(parsed.data / 60_000));
}

/** An amount of money above 0, with or without a dollar sign. */
export function amount(text: string): number {
  const value = Number(text.replace(/^\$/, ""));
  if (!/^\$?\d+(\.\d+)?$/.test(text) || !(value > 0)) {
    throw new InvalidArgumentError("Expected an amount above 0, as 2.50.");
  }
  return value;
}

/** What the flags about machines say together; nothing where none are to be rented. */
export function machineOptions(flags: {
  readonly machines?: MachineOptions["provider"] | undefined;
  readonly size?: string | undefined;
  readonly region?: string | undefined;
  readonly count?: number | undefined;
  readonly deadline?: number | undefined;
  readonly maxCost?: number | undefined;
}): { readonly machines?: MachineOptions } {
  const { machines: provider, ...rest } = flags;
  const given = Object.entries(rest).filter(([, value]) => value !== undefined);
  if (provider !== undefined) return { machines: { provider, ...Object.fromEntries(given) } };
  const [name] = given.map(([key]) => key);
  if (name === undefined) return {};
  const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new ReportedError(
    2,
    `--${flag} is about rented machines: say from whom with --machines, as --machines digitalocean.`,
  );
}
