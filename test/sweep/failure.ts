/** The error of this kind that `action` throws; anything else fails the test. */
export function failure<E extends Error>(
  kind: abstract new (...parameters: never[]) => E,
  action: () => unknown,
): E {
  try {
    action();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`expected ${kind.name}`);
}
