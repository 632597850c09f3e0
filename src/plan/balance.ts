/**
 * Cuts `count` things in a row into `parts` rows whose lengths differ by one at most. Returns where
 * each row begins, and the end: `parts + 1` positions.
 */
export function cutEvenly(count: number, parts: number): number[] {
  return Array.from({ length: parts + 1 }, (_, part) => Math.floor((part * count) / parts));
}

/**
 * Cuts things in a row into `parts` rows, none of them empty, so that the heaviest row is as light
 * as can be. `weights` has at least `parts` numbers, none of them negative. Returns where each row
 * begins, and the end: `parts + 1` positions.
 */
export function cutByWeight(weights: readonly number[], parts: number): number[] {
  let best = cutWithin(weights, parts, Number.POSITIVE_INFINITY);
  if (best === null) throw new RangeError(`${weights.length} weights make no ${parts} rows`);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const most = weights.reduce((so, weight) => Math.max(so, weight), 0);
  let low = Math.max(total / parts, most);
  // The least bound that can be kept lies in low..best.heaviest, which is halved again and again.
  // Sums of floating-point numbers can put low a little above it.
  low -= low * Number.EPSILON * weights.length;
  while (best.heaviest > low) {
    const bound: number = low + (best.heaviest - low) / 2;
    if (bound <= low || bound >= best.heaviest) break;
    const cut = cutWithin(weights, parts, bound);
    if (cut === null) low = bound;
    else best = cut;
  }
  return [...best.starts, weights.length];
}

interface Cut {
  readonly starts: readonly number[];
  readonly heaviest: number;
}

/** Fills row after row as far as the bound allows, leaving one thing at least to each row. */
function cutWithin(weights: readonly number[], parts: number, bound: number): Cut | null {
  if (weights.length < parts) return null;
  const starts = [0];
  let sum = 0;
  let heaviest = 0;
  for (let at = 0; at < weights.length; at++) {
    const weight = weights[at] ?? 0;
    const cutsLeft = parts - starts.length;
    const isFirst = at === starts.at(-1);
    if (!isFirst && (sum + weight > bound || weights.length - at <= cutsLeft)) {
      if (cutsLeft === 0) return null;
      starts.push(at);
      sum = 0;
    }
    sum += weight;
    if (sum > bound) return null;
    heaviest = Math.max(heaviest, sum);
  }
  return { starts, heaviest };
}
