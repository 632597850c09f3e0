import type { AttemptData } from "../document.ts";

/** Attempts of one worker that are drawn as one. */
export interface Bar {
  readonly lane: string;
  readonly status: number;
  readonly start: number;
  readonly end: number;
  /** How many attempts; `first` is the index of the first. */
  readonly count: number;
  readonly first: number;
  /** True where it is a retry, or holds one. */
  readonly retried: boolean;
}

/**
 * The attempts at some indices as bars. Neighbours of one lane and status whose gap nobody would
 * see become one, so that any number of attempts is drawn at once.
 *
 * @param indices in the order of their starts.
 * @param pixel seconds that a pixel stands for.
 */
export function barsOf(
  attempts: AttemptData,
  indices: readonly number[],
  laneOf: (index: number) => string,
  pixel: number,
  until: number,
): Bar[] {
  const bars: Bar[] = [];
  const open = new Map<string, { at: number; bar: Bar }>();
  for (const index of indices) {
    const start = attempts.start[index] ?? 0;
    const seconds = attempts.seconds[index] ?? null;
    const bar: Bar = {
      lane: laneOf(index),
      status: attempts.status[index] ?? 0,
      start,
      end: seconds === null ? Math.max(start, until) : start + seconds,
      count: 1,
      first: index,
      retried: (attempts.attempt[index] ?? 1) > 1,
    };
    const last = open.get(bar.lane);
    const isNear =
      last !== undefined &&
      last.bar.status === bar.status &&
      last.bar.retried === bar.retried &&
      bar.start - last.bar.end < pixel &&
      (bar.end - bar.start < 2 * pixel || last.bar.end - last.bar.start < 2 * pixel);
    if (isNear) {
      const joined = {
        ...last.bar,
        end: Math.max(last.bar.end, bar.end),
        count: last.bar.count + 1,
      };
      bars[last.at] = joined;
      open.set(bar.lane, { at: last.at, bar: joined });
    } else {
      open.set(bar.lane, { at: bars.length, bar });
      bars.push(bar);
    }
  }
  return bars;
}

/** Seconds in which a lane had at least one attempt: a batch is one task of many. */
export function busySeconds(attempts: AttemptData, indices: readonly number[]): number {
  let [busy, until] = [0, Number.NEGATIVE_INFINITY];
  for (const index of indices) {
    const start = attempts.start[index] ?? 0;
    const end = start + (attempts.seconds[index] ?? 0);
    busy += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return busy;
}
