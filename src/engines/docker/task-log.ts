import { finished } from "node:stream/promises";
import type { Container } from "dockerode";
import { type Channel, demultiplex, readable } from "./streams.ts";

/** The log of a task's container, passed on piece by piece as it comes. */
export interface TaskLog {
  /**
   * Follows it: `from` the start that is to come, or on from where the connection broke, of what the
   * daemon has kept.
   */
  follow(from: "start" | "break"): Promise<void>;
  /** Resolves when all of it has been passed on. */
  complete(): Promise<void>;
}

/** How long the last of the log may take after the container has ended. */
const LOG_END_MS = 10_000;

/** By so many first bytes a log is known again. */
const HEAD_BYTES = 256;

/** What was passed on of one channel. */
interface Passed {
  bytes: number;
  head: Buffer;
}

const ONLY_KEPT = Buffer.from(
  "\n[the connection broke here, and the daemon has not kept all of the log: this is what it has]\n",
);

export function taskLog(container: Container, sink: (chunk: Buffer) => void): TaskLog {
  const passed: Record<Channel, Passed> = { stdout: newPassed(), stderr: newPassed() };
  let attached = { ended: Promise.resolve(), close: (): void => {} };

  const pass = (channel: Channel, chunk: Buffer): void => {
    const so = passed[channel];
    so.bytes += chunk.length;
    const missing = HEAD_BYTES - so.head.length;
    if (missing > 0) so.head = Buffer.concat([so.head, chunk.subarray(0, missing)]);
    sink(chunk);
  };
  return {
    follow: async (from) => {
      const what = { stdout: true, stderr: true } as const;
      const stream = readable(
        from === "start"
          ? await container.attach({ ...what, stream: true })
          : await container.logs({ ...what, follow: true }),
      );
      const rest = {
        stdout: afterKnown(passed.stdout, (chunk) => pass("stdout", chunk)),
        stderr: afterKnown(passed.stderr, (chunk) => pass("stderr", chunk)),
      };
      stream.on(
        "data",
        demultiplex((channel, chunk) => rest[channel](chunk)),
      );
      // A log that breaks off does so with the connection, which `wait` tells of too.
      const ended = finished(stream).catch(() => {});
      attached = { ended, close: () => stream.destroy() };
    },
    complete: async () => {
      const { ended, close } = attached;
      const timer = setTimeout(close, LOG_END_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

function newPassed(): Passed {
  return { bytes: 0, head: Buffer.alloc(0) };
}

/**
 * Leaves out what was passed on before of a log that comes again from its beginning. Of one that
 * has lost its beginning, since the daemon keeps only so much, nothing is known again: it is passed
 * on as it is, and says so.
 */
function afterKnown(passed: Passed, sink: (chunk: Buffer) => void): (chunk: Buffer) => void {
  const { bytes, head } = passed;
  let left: number | null = bytes === 0 ? 0 : null;
  let first = Buffer.alloc(0);
  return (chunk) => {
    let part = chunk;
    if (left === null) {
      first = Buffer.concat([first, chunk]);
      if (first.length < head.length) return;
      const same = first.subarray(0, head.length).equals(head);
      if (!same) sink(ONLY_KEPT);
      left = same ? bytes : 0;
      part = first;
    }
    const skipped = Math.min(left, part.length);
    left -= skipped;
    if (skipped < part.length) sink(part.subarray(skipped));
  };
}
