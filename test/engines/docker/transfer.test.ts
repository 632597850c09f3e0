import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { counted } from "../../../src/engines/docker/transfer.ts";
import type { Transfer } from "../../../src/engines/engine.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Chunks of 10 bytes, each so many milliseconds after the one before. */
async function* chunks(gaps: readonly number[]) {
  for (const gap of gaps) {
    vi.advanceTimersByTime(gap);
    yield Buffer.alloc(10);
  }
}

async function told(gaps: readonly number[]): Promise<Transfer[]> {
  const transfers: Transfer[] = [];
  let bytes = 0;
  for await (const chunk of counted(chunks(gaps), "down", (one) => transfers.push(one))) {
    if (Buffer.isBuffer(chunk)) bytes += chunk.length;
  }
  expect(bytes).toBe(gaps.length * 10);
  return transfers;
}

const so = (bytes: number, ended = false) => ({ direction: "down", bytes, ended });

describe("an archive on its way", () => {
  test.each([
    ["is not told of where it takes less than a second", [300, 300, 300], []],
    ["is told of from its first second on, and of its end", [500, 600, 10], [so(20), so(30, true)]],
    [
      "is told of once a second at most",
      [1000, 100, 100, 800, 100],
      [so(10), so(40), so(50, true)],
    ],
  ])("%s", async (_, gaps, expected) => {
    expect(await told(gaps)).toEqual(expected);
  });

  test("that breaks off has ended too", async () => {
    const transfers: Transfer[] = [];
    async function* broken() {
      yield* chunks([2000]);
      throw new Error("broke");
    }
    const reading = async () => {
      for await (const _ of counted(broken(), "up", (one) => transfers.push(one)));
    };
    await expect(reading()).rejects.toThrow("broke");
    expect(transfers.at(-1)).toEqual({ direction: "up", bytes: 10, ended: true });
  });
});
