import { distance } from "fastest-levenshtein";

/** The candidate that was most likely meant, or null where none is near. */
export function nearest(text: string, candidates: Iterable<string>): string | null {
  // Beyond that nobody mistypes, and the distance takes quadratic time.
  if (text.length > 100) return null;
  let best: string | null = null;
  // A third may be wrong, or two characters where that leaves any right.
  let least = Math.max(Math.min(2, text.length - 1), Math.floor(text.length / 3)) + 1;
  const wanted = plain(text);
  for (const candidate of candidates) {
    const far = wanted === plain(candidate) ? 0 : distance(text, candidate);
    if (far < least) {
      best = candidate;
      least = far;
    }
  }
  return best;
}

/** `Did you mean x?`, or what there is to choose from. */
export function suggestion(text: string, candidates: readonly string[], what: string): string {
  const near = nearest(text, candidates);
  if (near !== null) return `did you mean ${near}?`;
  if (candidates.length === 0) return `there are no ${what}`;
  const shown = candidates.slice(0, 30).join(", ");
  return `${what}: ${shown}${candidates.length > 30 ? ", ..." : ""}`;
}

/** `randomSeed`, `random_seed` and `RANDOM-SEED` all mean `random-seed`. */
function plain(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9]/g, "").toLowerCase();
}
