/**
 * Works on items, several at once, and gives the results in the items' order. After the first that
 * throws nothing more is started, and it rejects once those under way have ended.
 */
export async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  let broken = false;
  const worker = async () => {
    for (const [i, item] of left) {
      try {
        results[i] = await work(item);
      } catch (error) {
        broken = true;
        throw error;
      }
      if (broken) return;
    }
  };
  const workers = Array.from({ length: Math.min(atOnce, items.length) }, worker);
  for (const ended of await Promise.allSettled(workers)) {
    if (ended.status === "rejected") throw ended.reason;
  }
  return results;
}
