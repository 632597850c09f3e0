import type { PairedMetric } from "../document.ts";

export interface MetricChange {
  /** Points that have the metric in both runs. */
  readonly count: number;
  readonly meanA: number;
  readonly meanB: number;
  readonly lower: number;
  readonly higher: number;
  /** The row whose difference is the largest; null where none differs. */
  readonly largest: number | null;
}

/** How a metric changed, over the points that have it in both runs. */
export function metricChange({ a, b }: PairedMetric): MetricChange | null {
  let [count, sumA, sumB, lower, higher, most] = [0, 0, 0, 0, 0, 0];
  let largest: number | null = null;
  for (const [row, before] of a.entries()) {
    const after = b[row] ?? null;
    if (before === null || after === null) continue;
    count++;
    sumA += before;
    sumB += after;
    if (after < before) lower++;
    if (after > before) higher++;
    if (Math.abs(after - before) > most) {
      most = Math.abs(after - before);
      largest = row;
    }
  }
  if (count === 0) return null;
  return { count, meanA: sumA / count, meanB: sumB / count, lower, higher, largest };
}
