import { RegistryError } from "../registry/faults.ts";
import { TransientError, type Wait, withRetries } from "../run/inputs/retry.ts";

export { realWait, type Wait } from "../run/inputs/retry.ts";

/**
 * Repeats what a registry did not do for a reason that passes: too many requests, a failure of its
 * own, a connection that broke. As long as the registry asks for, else with growing pauses.
 */
export async function retried<T>(
  attempt: () => Promise<T>,
  options: {
    readonly signal: AbortSignal;
    readonly wait: Wait;
    readonly onRetry: (error: RegistryError) => void;
  },
): Promise<T> {
  let last: RegistryError | null = null;
  try {
    return await withRetries(async () => {
      if (last !== null) options.onRetry(last);
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof RegistryError) || !error.passing) throw error;
        last = error;
        throw new TransientError(error.message, error.retryAfter, { cause: error });
      }
    }, options);
  } catch (error) {
    throw error instanceof TransientError ? error.cause : error;
  }
}
