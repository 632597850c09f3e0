import type { Probe } from "../engines/engine.ts";

export interface IdleOptions {
  /** Bytes of its log so far. */
  readonly logBytes: () => number;
  /** Milliseconds without any sign of life. */
  readonly idle: number;
  readonly onIdle: () => void;
}

/** Below this share of one core a task does nothing. */
const BUSY_SHARE = 0.01;

/** How often in the idle time it looks, so that it is late by a tenth at most. */
const LOOKS = 10;

/** It looks at least this often, in milliseconds, to see sooner that there is life. */
const MAX_WAIT = 30_000;

interface Look {
  readonly time: number;
  readonly cpu: number;
}

/**
 * Calls `onIdle` once when for `idle` milliseconds the task wrote no log, its outputs kept their
 * size, and it used less than 1 % of one core on average. CPU time that is unknown counts as life:
 * a task that is quiet but busy is never ended.
 */
export function watchIdle(probe: Probe, { logBytes, idle, onIdle }: IdleOptions): Disposable {
  const wait = Math.min(idle / LOOKS, MAX_WAIT);
  /** Looks since the last sign of life, oldest first; the first is at most `idle` old, or one. */
  let quiet: Look[] = [];
  let seenLog = logBytes();
  let seenOutput: number | null = null;
  let disposed = false;

  const look = async (): Promise<void> => {
    const [cpu, output] = await Promise.all([ask(probe.cpuSeconds()), ask(probe.outputBytes())]);
    if (disposed) return;
    const time = performance.now();
    const log = logBytes();
    const alive =
      cpu === null ||
      log !== seenLog ||
      (output !== null && output !== seenOutput) ||
      // CPU time that went down was that of a process that ended just now.
      cpu < (quiet.at(-1)?.cpu ?? 0);
    seenLog = log;
    seenOutput = output ?? seenOutput;
    if (alive) quiet = [];
    if (cpu !== null) quiet.push({ time, cpu });
    while (quiet[1] !== undefined && time - quiet[1].time >= idle) quiet.shift();
    const [oldest] = quiet;
    if (oldest !== undefined && cpu !== null && time - oldest.time >= idle) {
      const share = (cpu - oldest.cpu) / ((time - oldest.time) / 1000);
      if (share < BUSY_SHARE) {
        onIdle();
        return;
      }
    }
    timer = setTimeout(look, wait);
  };

  let timer = setTimeout(look, wait);
  return {
    [Symbol.dispose]: () => {
      disposed = true;
      clearTimeout(timer);
    },
  };
}

/** A probe that fails knows nothing; what broke it ends the attempt by its own way. */
async function ask(question: Promise<number | null>): Promise<number | null> {
  return await question.catch(() => null);
}
