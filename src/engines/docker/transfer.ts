import type { TaskHooks, Transfer } from "../engine.ts";

export type OnTransfer = TaskHooks["transfer"];

/** Between two reports of a transfer, and before the first. */
const REPORT_MS = 1_000;

/** The bytes as they are, and reports of their number where they take long. */
export async function* counted(
  source: AsyncIterable<unknown>,
  direction: Transfer["direction"],
  progress: OnTransfer,
): AsyncGenerator<unknown> {
  let bytes = 0;
  let reported = false;
  let next = performance.now() + REPORT_MS;
  try {
    for await (const chunk of source) {
      if (Buffer.isBuffer(chunk)) bytes += chunk.length;
      const now = performance.now();
      if (now >= next) {
        reported = true;
        next = now + REPORT_MS;
        progress?.({ direction, bytes, ended: false });
      }
      yield chunk;
    }
  } finally {
    if (reported) progress?.({ direction, bytes, ended: true });
  }
}
