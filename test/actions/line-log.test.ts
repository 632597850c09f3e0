import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lineLog } from "../../src/actions/line-log.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("lines are printed in pieces, in order, and the rest at the end", () => {
  const printed: string[] = [];
  {
    using log = lineLog((text) => printed.push(text));
    log.add("a");
    log.add("b");
    expect(printed).toEqual([]);
    vi.advanceTimersByTime(300);
    expect(printed).toEqual(["a\nb"]);
    log.add("c");
  }
  expect(printed).toEqual(["a\nb", "c"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("nothing is printed of no lines", () => {
  const printed: string[] = [];
  lineLog((text) => printed.push(text))[Symbol.dispose]();
  expect(printed).toEqual([]);
});
