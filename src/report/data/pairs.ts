import type { Row } from "../../results/layout.ts";

/** Points of two runs that are the same one; an index into each run's rows, or null. */
export interface Pair {
  readonly a: number | null;
  readonly b: number | null;
  /** True where the content keys are the same. */
  readonly same: boolean;
}

/** The points of a run: rows, and the content key of each. */
interface Keyed {
  readonly rows: readonly Pick<Row, "name">[];
  readonly keys: readonly string[];
}

/** In B's order, by content key or else by name; behind them what only A has. */
export function pairsOf(a: Keyed, b: Keyed): Pair[] {
  const byKey = new Map(a.keys.map((key, i) => [key, i]));
  const byName = new Map(a.rows.map(({ name }, i) => [name, i]));
  const taken = new Set<number>();
  const keyed = b.keys.map((key) => byKey.get(key) ?? null);
  for (const found of keyed) if (found !== null) taken.add(found);
  const pairs = b.rows.map((row, i): Pair => {
    const same = keyed[i] ?? null;
    if (same !== null) return { a: same, b: i, same: true };
    const named = byName.get(row.name) ?? null;
    if (named === null || taken.has(named)) return { a: null, b: i, same: false };
    taken.add(named);
    return { a: named, b: i, same: false };
  });
  const left = a.rows.flatMap((_, i) => (taken.has(i) ? [] : [{ a: i, b: null, same: false }]));
  return [...pairs, ...left];
}
