import type { Clock, Lag } from "./types.ts";

/** A lag that has begun. */
export interface RunningLag {
  over(): boolean;
  /** One more call has been lagged behind. */
  seen(): void;
}

export function startLag(lag: Lag, clock: Clock): RunningLag {
  if ("milliseconds" in lag) {
    const end = clock.now() + lag.milliseconds;
    return { over: () => clock.now() >= end, seen: () => undefined };
  }
  let left = lag.calls;
  return {
    over: () => left <= 0,
    seen: () => {
      left -= 1;
    },
  };
}

/** This machine's time, which can be moved; `offset`: how wrong it is, in milliseconds. */
export function movableClock(offset = 0): Clock {
  let moved = offset;
  return {
    now: () => Date.now() + moved,
    advance: (milliseconds) => {
      moved += milliseconds;
    },
  };
}

/** Stands still until it is moved. */
export function stoppedClock(start: number): Clock {
  let now = start;
  return {
    now: () => now,
    advance: (milliseconds) => {
      now += milliseconds;
    },
  };
}
