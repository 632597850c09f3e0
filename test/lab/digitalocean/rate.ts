import type { Clock, RateLimits } from "./types.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;

export interface Rate {
  /** Counts a request of this token; `refused` where it is one too many, which is not counted. */
  count(token: string): { readonly refused: boolean; readonly headers: Record<string, string> };
}

/**
 * Each request counts for an hour from when it came. The headers tell of the hour, except that a
 * full minute shows as nothing left, with a `retry-after`, which a full hour does not have.
 */
export function newRate(limits: RateLimits, clock: Clock): Rate {
  const times = new Map<string, number[]>();
  return {
    count: (token) => {
      const now = clock.now();
      const past = (times.get(token) ?? []).filter((time) => time > now - HOUR);
      times.set(token, past);
      const lastMinute = past.filter((time) => time > now - MINUTE);
      const burst = lastMinute.length >= limits.perMinute;
      const refused = burst || past.length >= limits.perHour;
      if (!refused) past.push(now);
      const headers: Record<string, string> = {
        "ratelimit-limit": String(limits.perHour),
        "ratelimit-remaining": String(burst ? 0 : Math.max(0, limits.perHour - past.length)),
        "ratelimit-reset": String(Math.ceil(((past[0] ?? now) + HOUR) / 1_000)),
      };
      if (burst) {
        const wait = (lastMinute[0] ?? now) + MINUTE - now;
        headers["retry-after"] = String(Math.ceil(wait / 1_000));
      }
      return { refused, headers };
    },
  };
}
