import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newDisplay } from "../../src/cli/display.ts";
import type { RunEvent } from "../../src/run/events.ts";

class Stream extends EventEmitter {
  readonly isTTY: boolean;
  columns = 80;
  readonly writes: string[] = [];

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.writes.push(text);
    return true;
  }

  /** What has been written since the last call. */
  take(): string {
    return this.writes.splice(0).join("");
  }
}

const planned: RunEvent = {
  type: "planned",
  run: "abcdefghij",
  folder: "/runs/pi",
  engine: "process",
  image: "node main.ts",
  points: 100_000,
  cached: 0,
  todo: 100_000,
  workers: 2,
};
const started: RunEvent = { type: "started", index: 0, name: "a", attempt: 1, worker: 0 };
const ended: RunEvent = {
  ...started,
  type: "ended",
  status: "succeeded",
  reason: null,
  seconds: 1,
  again: false,
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("on a terminal", () => {
  it("draws at most ten times a second, however many events come", () => {
    const stream = new Stream(true);
    using display = newDisplay(stream);
    display.event(planned);
    stream.take();
    for (let millisecond = 0; millisecond < 1000; millisecond++) {
      for (let i = 0; i < 10; i++) {
        display.event(started);
        display.event(ended);
      }
      vi.advanceTimersByTime(1);
    }
    expect(stream.writes.length).toBeGreaterThan(5);
    expect(stream.writes.length).toBeLessThanOrEqual(11);
    vi.advanceTimersByTime(100);
    expect(stream.take()).toContain("10,000/100,000 done");
  });

  it("draws over what it drew, and leaves nothing behind", () => {
    const stream = new Stream(true);
    const display = newDisplay(stream);
    display.event(planned);
    display.event({
      ...started,
      type: "ended",
      status: "oom",
      reason: "b",
      seconds: 1,
      again: false,
    });
    vi.advanceTimersByTime(100);
    stream.take();
    vi.advanceTimersByTime(1100);
    // Two lines: to the start of the first, then everything below is erased.
    expect(stream.take()).toContain("\r\x1b[1A\x1b[0J");
    display[Symbol.dispose]();
    expect(stream.take()).toBe("\r\x1b[1A\x1b[0J");
    expect(stream.listenerCount("resize")).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("erases the rows that old lines take after the window was made narrower", () => {
    const stream = new Stream(true);
    using display = newDisplay(stream);
    display.event(planned);
    vi.advanceTimersByTime(100);
    stream.take();
    // A bar of 24, the share and `0/100,000 done`: 46 columns, which are five rows of ten.
    stream.columns = 10;
    stream.emit("resize");
    expect(stream.take()).toContain("\r\x1b[4A\x1b[0J");
  });

  it("writes warnings above the live lines, where they stay", () => {
    const stream = new Stream(true);
    using display = newDisplay(stream);
    display.event(planned);
    vi.advanceTimersByTime(100);
    stream.take();
    display.event({ type: "warning", message: "mind this" });
    expect(stream.take()).toBe("\r\x1b[0Jwarning: mind this\n");
    vi.advanceTimersByTime(100);
    expect(stream.take()).toContain("0/100,000 done");
  });
});

describe("elsewhere, as in a job's log", () => {
  it("says what begins, then a line in ten seconds", () => {
    const stream = new Stream(false);
    const display = newDisplay(stream);
    display.event(planned);
    expect(stream.take()).toBe(
      "100,000 points, 100,000 to run: process (node main.ts), 2 workers, into /runs/pi\n",
    );
    for (let i = 0; i < 50; i++) {
      display.event(started);
      display.event(ended);
      vi.advanceTimersByTime(400);
    }
    expect(stream.writes).toEqual([
      "25/100,000 done, 2.5/s, ETA 11 h 07 min\n",
      expect.stringMatching(/^50\/100,000 done/),
    ]);
    display[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("repeats no failure that it has told of", () => {
    const stream = new Stream(false);
    using display = newDisplay(stream);
    display.event(planned);
    display.event(started);
    display.event({
      ...started,
      type: "ended",
      status: "oom",
      reason: null,
      seconds: 1,
      again: false,
    });
    stream.take();
    vi.advanceTimersByTime(10_000);
    expect(stream.take()).toContain("; last failure: a oom");
    vi.advanceTimersByTime(10_000);
    expect(stream.take()).not.toContain("last failure");
  });

  it("passes on the lines of an image's build", () => {
    const stream = new Stream(false);
    using display = newDisplay(stream);
    display.event({ type: "building", line: "Step 1/6" });
    expect(stream.take()).toBe("Step 1/6\n");
  });
});
