import type { Clock } from "../../src/machines/clock.ts";

/** Time that passes when somebody waits, and at once. */
export interface VirtualClock extends Clock {
  advance(milliseconds: number): void;
}

export function virtualClock(): VirtualClock {
  let now = 0;
  return {
    now: () => now,
    advance: (milliseconds) => {
      now += milliseconds;
    },
    wait: async (milliseconds, signal) => {
      // A turn of the event loop, as every real wait takes: signals and other work come in between.
      await new Promise(setImmediate);
      signal.throwIfAborted();
      now += milliseconds;
    },
  };
}
