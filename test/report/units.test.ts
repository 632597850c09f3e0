import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bytes, counted, duration, rate, shortPath } from "../../src/report/units.ts";

describe("durations are as exact as they need to be", () => {
  it.each([
    [0, "0.0 s"],
    [0.44, "0.4 s"],
    [9.96, "10 s"],
    [59.4, "59 s"],
    [59.6, "1 min 00 s"],
    [200, "3 min 20 s"],
    [3599.6, "1 h 00 min"],
    [7500, "2 h 05 min"],
    [86_399, "1 d 0 h"],
    [273_600, "3 d 4 h"],
    [Number.POSITIVE_INFINITY, "–"],
    [-1, "–"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe("rates are in the unit that gives a number above 1", () => {
  it.each([
    [1234.5, "1,235/s"],
    [8.44, "8.4/s"],
    [0.2, "12/min"],
    [0.02, "1.2/min"],
    [0.001, "3.6/h"],
  ])("%d a second is %s", (perSecond, text) => {
    expect(rate(perSecond)).toBe(text);
  });
});

it.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1536, "1.5 KiB"],
  [12 * 1024 ** 3, "12 GiB"],
  [5 * 1024 ** 5, "5120 TiB"],
])("%d bytes are %s", (count, text) => {
  expect(bytes(count)).toBe(text);
});

it("counts things in the singular and with separators", () => {
  expect(counted(1, "point")).toBe("1 point");
  expect(counted(0, "point")).toBe("0 points");
  expect(counted(1_200_000, "point")).toBe("1,200,000 points");
});

it("writes a path relative to the working directory where that is shorter", () => {
  expect(shortPath(join(process.cwd(), "runs", "pi"))).toBe(join("runs", "pi"));
  expect(shortPath(process.cwd())).toBe(".");
  expect(shortPath("/x")).toBe("/x");
});
