import type { Timer } from "../../../src/machines/digitalocean/pace.ts";

/** A timer whose waits are over at once, and are counted as if they had been waited for. */
export interface FakeTimer extends Timer {
  /** Milliseconds of each wait. */
  readonly waits: readonly number[];
}

export function fakeTimer(): FakeTimer {
  const waits: number[] = [];
  let now = 0;
  return {
    waits,
    now: () => now,
    wait: async (milliseconds, signal) => {
      signal.throwIfAborted();
      waits.push(milliseconds);
      now += milliseconds;
    },
  };
}
