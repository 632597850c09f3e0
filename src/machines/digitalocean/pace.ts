import { setTimeout as delay } from "node:timers/promises";

/** Time as the client sees it; tests have their own. */
export interface Timer {
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** Waits that many milliseconds, or rejects with the signal's reason when that aborts. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export const realTimer: Timer = {
  now: () => performance.now(),
  wait: async (milliseconds, signal) => {
    try {
      await delay(milliseconds, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
};

/** Keeps all calls back together, once one of them was told to wait. */
export interface Pace {
  /** Resolves when calls may be sent. */
  ready(signal: AbortSignal): Promise<void>;
  /** Nothing is sent for so long. */
  hold(milliseconds: number): void;
}

export function pace(timer: Timer): Pace {
  let until = Number.NEGATIVE_INFINITY;
  return {
    ready: async (signal) => {
      for (;;) {
        signal.throwIfAborted();
        const left = until - timer.now();
        if (left <= 0) return;
        await timer.wait(left, signal);
      }
    },
    hold: (milliseconds) => {
      until = Math.max(until, timer.now() + milliseconds);
    },
  };
}
