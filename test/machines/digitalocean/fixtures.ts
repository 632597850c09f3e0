import type { Timer } from "../../../src/machines/digitalocean/pace.ts";
import { ProviderError } from "../../../src/machines/provider.ts";

/** A timer whose waits are over at once, and are counted as if they had been waited for. */
export interface FakeTimer extends Timer {
  /** Milliseconds of each wait. */
  readonly waits: readonly number[];
  /** Called in each wait. */
  onWait: (milliseconds: number) => unknown;
}

export function fakeTimer(): FakeTimer {
  const waits: number[] = [];
  let now = 0;
  const timer: FakeTimer = {
    waits,
    onWait: () => undefined,
    now: () => now,
    wait: async (milliseconds, signal) => {
      waits.push(milliseconds);
      now += milliseconds;
      await timer.onWait(milliseconds);
      signal.throwIfAborted();
    },
  };
  return timer;
}

/** The error of a call that has to be refused. */
export async function refusal(call: Promise<unknown>): Promise<ProviderError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ProviderError) return error;
  throw error ?? new Error("it was not refused");
}
