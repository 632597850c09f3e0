import { setTimeout as delay } from "node:timers/promises";

/**
 * Time as leases spend it: for waiting and for patience alone. Deadlines are the provider's to
 * tell (`Provider.now`), since this machine's clock may be wrong or jump.
 */
export interface Clock {
  /** Milliseconds from some fixed moment on; never goes back. */
  now(): number;
  /** Rejects with the signal's reason when it aborts. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export const realClock: Clock = {
  now: () => performance.now(),
  wait: async (milliseconds, signal) => {
    signal.throwIfAborted();
    await delay(milliseconds, undefined, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  },
};

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 15_000;

/**
 * How long to wait before the next try, in milliseconds: doubled from a second up to a quarter of a
 * minute, less up to a quarter by chance so that many machines do not ask at once.
 *
 * @param tried how often it was tried already, from 1.
 */
export function backoff(tried: number): number {
  const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(tried - 1, 10));
  return longest * (1 - Math.random() / 4);
}
