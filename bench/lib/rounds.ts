import { load } from "./environment.ts";
import { spread } from "./statistics.ts";

/** Something that is measured in every round, each time in fresh processes. */
export interface Contestant {
  readonly name: string;
  /** Null where it can be measured, else the command that installs what it lacks. */
  readonly missing: string | null;
  /** Does the work once; gives what is compared: a rate, seconds, … */
  measure(): Promise<number>;
}

/** What one contestant gave, round by round. */
export interface Series {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  /** The load average before each value. */
  readonly loads: readonly number[];
}

interface Rounds {
  readonly rounds: number;
  readonly unit: string;
  say(text: string): void;
}

/**
 * Measures all contestants in every round; each round goes through them in the other direction, so
 * that a machine that slows down or warms up favours nobody. Those that are missing are left out.
 */
export async function interleave(
  contestants: readonly Contestant[],
  { rounds, unit, say }: Rounds,
): Promise<Series[]> {
  const present = contestants
    .filter(({ missing }) => missing === null)
    .map(({ name, measure }) => {
      const values: number[] = [];
      const loads: number[] = [];
      return { name, unit, values, loads, measure };
    });
  for (let round = 1; round <= rounds; round++) {
    const order = round % 2 === 1 ? present : present.toReversed();
    for (const { name, values, loads, measure } of order) {
      loads.push(load());
      const value = await measure();
      values.push(value);
      say(`round ${round} of ${rounds}: ${name}: ${value.toPrecision(3)} ${unit}`);
    }
  }
  return present.map(({ name, values, loads }) => ({ name, unit, values, loads }));
}

/**
 * How many at once give each of the named rates its best, tried in three rounds in which all take
 * turns.
 */
export async function fastestConcurrency<Name extends string>(
  rates: Readonly<Record<Name, (concurrency: number) => Promise<number>>>,
  say: Rounds["say"],
): Promise<(name: Name) => number> {
  const tried = [1, 2, 3, 4, 6];
  const label = (name: string, concurrency: number) => `${name}, ${concurrency} at once`;
  const contestants = Object.entries<(concurrency: number) => Promise<number>>(rates).flatMap(
    ([name, rate]) =>
      tried.map((concurrency) => ({
        name: label(name, concurrency),
        missing: null,
        measure: () => rate(concurrency),
      })),
  );
  const series = await interleave(contestants, { rounds: 3, unit: "a second", say });
  const medians = new Map(series.map(({ name, values }) => [name, spread(values).median]));
  return (name) => {
    const found = tried.map((concurrency) => medians.get(label(name, concurrency)) ?? 0);
    return tried[found.indexOf(Math.max(...found))] ?? 1;
  };
}
