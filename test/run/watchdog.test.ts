import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { watchIdle } from "../../src/run/watchdog.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What a task has used and written after so many seconds. */
interface Life {
  cpu?: (seconds: number) => number | null;
  output?: (seconds: number) => number | null;
  log?: (seconds: number) => number;
}

/** Watches such a task for a time; gives the seconds at which it was found idle, or null. */
async function watch(life: Life, idle: number, during: number): Promise<number | null> {
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / SECOND;
  let found: number | null = null;
  let calls = 0;
  using _watching = watchIdle(
    {
      cpuSeconds: async () => (life.cpu === undefined ? 0 : life.cpu(seconds())),
      outputBytes: async () => (life.output === undefined ? 0 : life.output(seconds())),
    },
    {
      logBytes: () => life.log?.(seconds()) ?? 0,
      idle,
      onIdle: () => {
        calls += 1;
        found = seconds();
      },
    },
  );
  await vi.advanceTimersByTimeAsync(during);
  expect(calls).toBeLessThan(2);
  return found;
}

describe("a task is idle", () => {
  test("after its idle time without any sign of life, at most two looks late", async () => {
    const at = await watch({}, 10 * MINUTE, 60 * MINUTE);
    expect(at).toBeGreaterThanOrEqual(10 * 60);
    expect(at).toBeLessThanOrEqual(12 * 60);
  });

  test.each<[string, Life]>([
    ["using half a per cent of a core", { cpu: (seconds) => seconds * 0.005 }],
    ["waking up now and then for a moment", { cpu: (seconds) => Math.floor(seconds / 60) * 0.3 }],
    ["when only its output cannot be known", { output: () => null }],
    ["after being busy", { cpu: (seconds) => Math.min(seconds, 1_000) }],
    ["after writing a log", { log: (seconds) => Math.min(seconds, 1_000) }],
    ["after writing outputs", { output: (seconds) => Math.min(seconds, 1_000) }],
  ])("%s", async (_title, life) => {
    expect(await watch(life, 10 * MINUTE, 60 * MINUTE)).not.toBeNull();
  });

  test("counted from its last sign of life", async () => {
    const at = await watch(
      { log: (seconds) => Math.min(seconds, 1_000) },
      10 * MINUTE,
      60 * MINUTE,
    );
    expect(at).toBeGreaterThanOrEqual(1_600);
    expect(at).toBeLessThanOrEqual(1_720);
  });

  test("with a short idle time too", async () => {
    const at = await watch({}, SECOND, 10 * SECOND);
    expect(at).toBeGreaterThanOrEqual(1);
    expect(at).toBeLessThanOrEqual(1.3);
  });
});

describe("a task is not idle", () => {
  test.each<[string, Life]>([
    ["while it computes, however quiet", { cpu: (seconds) => seconds }],
    ["while it uses 2 % of a core", { cpu: (seconds) => seconds * 0.02 }],
    ["while it writes a log, a byte every 9 minutes", { log: (s) => Math.floor(s / 540) }],
    ["while its outputs grow", { output: (seconds) => Math.floor(seconds / 540) }],
    ["while its outputs shrink", { output: (seconds) => 1e6 - Math.floor(seconds / 540) }],
    ["while its processes come and go", { cpu: (seconds) => 5 - Math.floor(seconds / 540) / 100 }],
    ["when its CPU time cannot be known", { cpu: () => null }],
  ])("%s", async (_title, life) => {
    expect(await watch(life, 10 * MINUTE, 60 * MINUTE)).toBeNull();
  });

  test("when asking fails", async () => {
    let called = false;
    const failing = async (): Promise<never> => {
      throw new Error("the daemon went away");
    };
    using _watching = watchIdle(
      { cpuSeconds: failing, outputBytes: failing },
      { logBytes: () => 0, idle: SECOND, onIdle: () => (called = true) },
    );
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(called).toBe(false);
  });
});

describe("a watch that was disposed of", () => {
  test("has no timer and says nothing", async () => {
    let called = false;
    const probe = { cpuSeconds: async () => 0, outputBytes: async () => 0 };
    const watching = watchIdle(probe, {
      logBytes: () => 0,
      idle: SECOND,
      onIdle: () => (called = true),
    });
    await vi.advanceTimersByTimeAsync(SECOND / 2);
    watching[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(called).toBe(false);
  });

  test("says nothing, even if disposed of while it asks", async () => {
    let called = false;
    const asked = Promise.withResolvers<number>();
    const watching = watchIdle(
      { cpuSeconds: () => asked.promise, outputBytes: async () => 0 },
      { logBytes: () => 0, idle: SECOND, onIdle: () => (called = true) },
    );
    await vi.advanceTimersByTimeAsync(SECOND / 2);
    watching[Symbol.dispose]();
    asked.resolve(0);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(called).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});
