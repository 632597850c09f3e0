/**
 * Renders the blocks of an area on several threads. They take blocks in turn from a shared counter;
 * the thread that asks takes part, so that a picture does not wait for the others to start.
 */
import { Worker } from "node:worker_threads";
import { type BlockSettings, countBlocks, makeBlockRenderer, PIXEL_SIZE } from "./blocks.ts";
import { type Kernel, makeKernel } from "./kernel.ts";
import { compileKernel, makeWasmKernel, type PlacedWorld, placeWorld } from "./wasm-kernel.ts";
import type { World } from "./world.ts";

/** What a thread needs, all of it shared. */
export interface Job {
  readonly world: World;
  readonly view: Float64Array;
  readonly settings: BlockSettings;
  /** Where the world is in the memory of WebAssembly; null for the kernel in TypeScript. */
  readonly placed: PlacedWorld | null;
  readonly pixels: Float32Array;
  readonly errors: Float32Array;
  /** See `NEXT`, `LEFT` and `FAILED`. */
  readonly state: Int32Array;
  /** Rays traced, by thread. */
  readonly rays: Float64Array;
}

/** In `Job.state`: the block to take next, blocks not yet finished, and whether a thread failed. */
const NEXT = 0;
const LEFT = 1;
const FAILED = 2;
/** A block takes far less; a thread that died without a word must not leave the others waiting. */
const LONGEST_BLOCK = 10 * 60_000;

export interface Rendered {
  readonly pixels: Float32Array;
  readonly errors: Float32Array;
  readonly rays: number;
}

/** Which kernel renders: that of wasm-kernel.ts or that of kernel.ts. */
export type KernelName = "wasm" | "typescript";

/** @throws Error where a thread fails, or where the kernel does not run here */
export function renderArea(
  world: World,
  view: Float64Array,
  settings: BlockSettings,
  kernel: KernelName,
  threads: number,
): Rendered {
  const count = settings.area.width * settings.area.height;
  const floats = (length: number) => new Float32Array(new SharedArrayBuffer(length * 4));
  const job: Job = {
    world,
    view,
    settings,
    placed: kernel === "wasm" ? placeWorld(compileKernel(), world, view, threads) : null,
    pixels: floats(count * PIXEL_SIZE),
    errors: floats(count),
    state: new Int32Array(new SharedArrayBuffer(3 * 4)),
    rays: new Float64Array(new SharedArrayBuffer(threads * 8)),
  };
  job.state[LEFT] = countBlocks(settings.area);
  const workers = Array.from({ length: threads - 1 }, (_, index) => {
    return new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: { job, thread: index + 1 },
    });
  });
  try {
    takeBlocks(job, 0);
    for (let left = 0; ; ) {
      if (Atomics.load(job.state, FAILED) !== 0) throw new Error("a thread failed; see above");
      left = Atomics.load(job.state, LEFT);
      if (left === 0) break;
      if (Atomics.wait(job.state, LEFT, left, LONGEST_BLOCK) === "timed-out") {
        throw new Error(`${left} blocks were not finished: a thread has died`);
      }
    }
  } finally {
    for (const worker of workers) void worker.terminate();
  }
  return { pixels: job.pixels, errors: job.errors, rays: job.rays.reduce((a, b) => a + b, 0) };
}

/** Renders blocks until none is left to take. */
export function takeBlocks(job: Job, thread: number): void {
  const { settings, pixels, errors, state, rays } = job;
  const blocks = countBlocks(settings.area);
  let kernel: Kernel | undefined;
  let render: ((block: number) => void) | undefined;
  for (;;) {
    const block = Atomics.add(state, NEXT, 1);
    if (block >= blocks) return;
    kernel ??= kernelOf(job, thread);
    render ??= makeBlockRenderer(kernel, settings, pixels, errors);
    render(block);
    rays[thread] = kernel.rays();
    Atomics.sub(state, LEFT, 1);
    Atomics.notify(state, LEFT);
  }
}

function kernelOf({ world, view, settings, placed }: Job, thread: number): Kernel {
  return placed ? makeWasmKernel(placed, settings, thread) : makeKernel(world, view, settings);
}

/** Wakes the thread that waits for the others, to tell of an error. */
export function tellFailure({ state }: Job): void {
  Atomics.store(state, FAILED, 1);
  // The waiting thread looks for a change here.
  Atomics.add(state, LEFT, 1);
  Atomics.notify(state, LEFT);
}
