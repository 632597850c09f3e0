/** A thread of threads.ts. */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { type Job, takeBlocks, tellFailure } from "./threads.ts";

const { job, thread }: { job: Job; thread: number } = workerData;
try {
  takeBlocks(job, thread);
} catch (error) {
  // The thread that started this one waits without an event loop, which console.error would need.
  writeSync(2, `${error instanceof Error ? error.stack : error}\n`);
  tellFailure(job);
}
