import { type FSWatcher, watch } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Tells when something changes in folders, until disposed. */
export interface Changes extends Disposable {
  /** Watches one more folder; one that is watched already, or is not there, is left alone. */
  add(folder: string): void;
  /** Resolves at the next change, or since the last call; at the latest after two seconds. */
  next(): Promise<void>;
}

/** What brings no event: a network file system, and an orchestrator that was killed. */
const LATEST_MS = 2000;
/** Thousands of changes a second are looked at ten times. */
const EARLIEST_MS = 100;

export function changesIn(folders: readonly string[]): Changes {
  const watchers = new Map<string, FSWatcher>();
  let changed = false;
  let wake = () => {};

  const add = (folder: string): void => {
    if (watchers.has(folder)) return;
    try {
      const watcher = watch(folder, () => {
        changed = true;
        wake();
      });
      // A folder that goes away, or no watches left: the two seconds remain.
      watcher.on("error", () => watcher.close());
      watchers.set(folder, watcher);
    } catch {
      // Not there yet, or no watches left: likewise.
    }
  };
  for (const folder of folders) add(folder);
  return {
    add,
    async next() {
      await sleep(EARLIEST_MS);
      if (!changed) {
        const timer = new AbortController();
        await Promise.race([
          new Promise<void>((resolve) => {
            wake = resolve;
          }),
          // Rejects when aborted, which only means that the change came first.
          sleep(LATEST_MS, undefined, { signal: timer.signal }).catch(() => {}),
        ]);
        timer.abort();
      }
      changed = false;
    },
    [Symbol.dispose]() {
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}
