import type { Bench, Findings } from "./bench.ts";
import { type Contestant, interleave } from "./rounds.ts";

export interface Baseline extends Contestant {
  /** How many times its rate ours should at least be; null for one that only explains. */
  readonly goal: number | null;
}

/**
 * Measures rates of ours and of baselines in interleaved rounds. The results are the ratios of
 * each round, in which both met the same machine.
 */
export async function compareRates(
  self: Bench,
  ours: Contestant,
  baselines: readonly Baseline[],
): Promise<Findings> {
  const contestants = [ours, ...baselines];
  const series = await interleave(contestants, {
    rounds: self.rounds,
    unit: "a second",
    say: self.say,
  });
  const rates = (name: string) => series.find((one) => one.name === name)?.values ?? [];
  const goals = baselines.map(({ name, goal }) => ({
    name: `against ${name}`,
    values: rates(name).map((theirs, round) => (rates(ours.name)[round] ?? Number.NaN) / theirs),
    unit: "",
    want: goal === null ? null : { least: goal },
  }));
  const skipped = contestants.flatMap(({ name, missing }) =>
    missing === null ? [] : [{ name, install: missing }],
  );
  return { series, goals, skipped };
}
