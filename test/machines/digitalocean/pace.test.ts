import { expect, test } from "vitest";
import { pace, realTimer } from "../../../src/machines/digitalocean/pace.ts";
import { fakeTimer } from "./fixtures.ts";

const never = new AbortController().signal;

test("nothing waits before somebody was told to", async () => {
  const timer = fakeTimer();
  await pace(timer).ready(never);
  expect(timer.waits).toEqual([]);
});

test("all wait until the last that was asked for is over, and no longer", async () => {
  const timer = fakeTimer();
  const { hold, ready } = pace(timer);
  hold(5000);
  hold(9000);
  hold(2000);
  await ready(never);
  await ready(never);
  expect(timer.waits).toEqual([9000]);
});

test("who waits also waits for what is asked for meanwhile", async () => {
  const timer = fakeTimer();
  const { hold, ready } = pace(timer);
  hold(5000);
  timer.onWait = () => {
    timer.onWait = () => undefined;
    hold(3000);
  };
  await ready(never);
  expect(timer.waits).toEqual([5000, 3000]);
});

test("a wait is left with the signal's own reason", async () => {
  const controller = new AbortController();
  const waiting = realTimer.wait(3_600_000, controller.signal);
  const reason = new Error("enough");
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await realTimer.wait(0, never);
});
