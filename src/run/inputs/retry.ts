import { setTimeout as delay } from "node:timers/promises";
import { ReportedError } from "../../sweep/errors.ts";

/** A failure that may be gone a little later. */
export class TransientError extends Error {
  override readonly name = "TransientError";
  /** Milliseconds that the other side asks us to wait, or null. */
  readonly retryAfter: number | null;

  constructor(message: string, retryAfter: number | null, options?: ErrorOptions) {
    super(message, options);
    this.retryAfter = retryAfter;
  }
}

/** Waits that many milliseconds, or rejects when the signal aborts. */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>;

export const realWait: Wait = async (milliseconds, signal) => {
  await delay(milliseconds, undefined, { signal });
};

const ATTEMPTS = 5;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 60_000;

/**
 * Tries up to five times, as long as what fails is transient: a TransientError, or a connection
 * that broke. The pauses double, from half a second on, with some chance in them so that many
 * machines do not come back at once.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  options: { readonly signal: AbortSignal; readonly wait: Wait },
): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      options.signal.throwIfAborted();
      if (tried === ATTEMPTS || !isTransient(error)) throw error;
      const asked = error instanceof TransientError ? error.retryAfter : null;
      const backoff = FIRST_WAIT * 2 ** (tried - 1) * (0.75 + Math.random() / 2);
      await options.wait(Math.min(asked ?? backoff, LONGEST_WAIT), options.signal);
    }
  }
}

/** Codes of connections that break, time out or are refused, from Node and from its fetch. */
const BROKEN =
  /^(?:ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ENETDOWN|EHOSTUNREACH|EHOSTDOWN|UND_ERR_(?!INVALID|ABORTED))/;

function isTransient(error: unknown): boolean {
  if (error instanceof TransientError) return true;
  if (!(error instanceof Error) || error instanceof ReportedError) return false;
  if ("code" in error && BROKEN.test(String(error.code))) return true;
  return isTransient(error.cause);
}

/** An error's message with those of its causes, which say more: "fetch failed" is no reason. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message === "" && "code" in error ? String(error.code) : error.message;
  return error.cause === undefined ? own : `${own}: ${reasonOf(error.cause)}`;
}
