/**
 * The kernel in WebAssembly: wasm/kernel.wasm, which is built from the AssemblyScript beside it. A
 * thread has an instance of its own; all of them read the world from one shared memory.
 */
import { readFileSync } from "node:fs";
import { BLOCK, type Kernel, type KernelSettings, SUMS } from "./kernel.ts";
import { startOf } from "./sampler.ts";
import { MOST_WAITING, widenTree } from "./wide-tree.ts";
import { LIGHT_SIZE, PLANE_SIZE, type World } from "./world.ts";

const FILE = new URL("./wasm/kernel.wasm", import.meta.url);
const PAGE = 65_536;
/** As many as 32 bits can address. */
const MOST_PAGES = 65_536;
/** Constants of the kernel are in the first page. */
const FREE = PAGE;
/** What arrays begin at: lines of the cache. */
const LINE = 128;

/** What a thread writes to: sums, nodes that wait in a traversal, a vector taken apart. */
const SUMS_BYTES = BLOCK * BLOCK * SUMS * Float64Array.BYTES_PER_ELEMENT;
const STACK_BYTES = MOST_WAITING * 8;
const VECTOR_BYTES = 16;

/** A world in the memory of WebAssembly. */
export interface PlacedWorld {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Variables of the kernel: where arrays are, and how many things are in some. */
  readonly variables: Readonly<Record<string, number>>;
  /** Where each thread's own memory begins. */
  readonly workspaces: readonly number[];
}

/** Whether the kernel runs here: it needs WebAssembly with SIMD and threads. */
export function hasWasm(): boolean {
  return typeof WebAssembly === "object" && WebAssembly.validate(readFileSync(FILE));
}

/** @throws Error where `hasWasm` is false */
export function compileKernel(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(FILE));
}

/**
 * Copies a world to where the kernels of so many threads find it.
 *
 * @throws Error where it is larger than what WebAssembly can address
 */
export function placeWorld(
  module: WebAssembly.Module,
  world: World,
  view: Float64Array,
  threads: number,
): PlacedWorld {
  const { shapes, kinds, smooth, planes, materialOf, lightOf, hollow } = world;
  const { materials, lights, sky } = world;
  const arrays = {
    ...{ shapes, kinds, smooth, planes, materialOf, lightOf, hollow },
    ...{ materials, lights, sky, view, tree: widenTree(world) },
  };
  let end = FREE;
  const reserve = (size: number): number => {
    const start = end;
    end = Math.ceil((start + size) / LINE) * LINE;
    return start;
  };
  const places = Object.entries(arrays).map(([name, array]) => {
    return { name, array, at: reserve(array.byteLength) };
  });
  const workspaces = Array.from({ length: threads }, () =>
    reserve(SUMS_BYTES + STACK_BYTES + VECTOR_BYTES),
  );
  const pages = Math.ceil(end / PAGE);
  if (pages > MOST_PAGES) {
    const gigabytes = (end / 2 ** 30).toFixed(1);
    throw new Error(
      `the scene takes ${gigabytes} GiB, of which WebAssembly can address 4: use --kernel typescript`,
    );
  }
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  for (const { array, at } of places) {
    const from = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    new Uint8Array(memory.buffer, at).set(from);
  }
  const variables = {
    ...Object.fromEntries(places.map(({ name, at }) => [name, at])),
    shapeCount: kinds.length,
    planeCount: planes.length / PLANE_SIZE,
    lightCount: lights.length / LIGHT_SIZE,
  };
  return { module, memory, variables, workspaces };
}

/** A kernel that works as that of kernel.ts does, for one of the threads. */
export function makeWasmKernel(
  placed: PlacedWorld,
  settings: KernelSettings,
  thread: number,
): Kernel {
  const { set, variable, call, sums } = instantiate(placed, thread);
  set({
    start: startOf(settings.seed, settings.frame),
    stratify: Number(settings.stratify),
    width: settings.width,
    height: settings.height,
    depth: settings.depth,
    nextEvent: Number(settings.nextEvent),
    importance: Number(settings.importance),
    roulette: Number(settings.roulette),
  });
  call("prepare")();
  const rays = variable("rays");
  return { sums, sample: call("sample"), rays: () => Number(rays.value) };
}

/** An instance of wasm/kernel.ts that knows its world. */
export interface Instance {
  readonly sums: Float64Array;
  set(values: Readonly<Record<string, number>>): void;
  variable(name: string): WebAssembly.Global;
  call(name: string): (...args: number[]) => unknown;
}

export function instantiate(
  { module, memory, variables, workspaces }: PlacedWorld,
  thread: number,
): Instance {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const missing = (name: string) =>
    new Error(`kernel.wasm has no ${name}: it was built from other sources`);
  const variable = (name: string) => {
    const found = exports[name];
    if (!(found instanceof WebAssembly.Global)) throw missing(name);
    return found;
  };
  const set = (values: Readonly<Record<string, number>>) => {
    for (const [name, value] of Object.entries(values)) variable(name).value = value;
  };
  const call = (name: string) => {
    const found = exports[name];
    if (!isFunction(found)) throw missing(name);
    return found;
  };
  const sums = workspaces[thread];
  if (sums === undefined) throw new RangeError(`there is no place for thread ${thread}`);
  const stack = sums + SUMS_BYTES;
  set({ ...variables, sums, stack, scratch: stack + STACK_BYTES });
  return {
    sums: new Float64Array(memory.buffer, sums, BLOCK * BLOCK * SUMS),
    set,
    variable,
    call,
  };
}

function isFunction(value: unknown): value is (...args: number[]) => unknown {
  return typeof value === "function";
}
