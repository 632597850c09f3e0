import { expect, it } from "vitest";
import { listenToSignals } from "../../src/cli/signals.ts";

it.each([
  ["SIGINT", 130, "SIGINT"],
  ["SIGTERM", 143, "SIGTERM"],
  ["SIGHUP", 129, "SIGTERM"],
] as const)("%s stops, again it kills, and the exit code is %d", (signal, code, reason) => {
  const said: string[] = [];
  {
    using signals = listenToSignals((line) => said.push(line));
    expect(signals.exitCode()).toBeNull();
    process.emit(signal, signal);
    expect(signals.stop.reason).toBe(reason);
    expect(signals.kill.aborted).toBe(false);
    expect(said.at(-1)).toContain("again: kill it at once");
    process.emit(signal, signal);
    expect(signals.kill.aborted).toBe(true);
    process.emit(signal, signal);
    expect(said).toHaveLength(2);
    expect(signals.exitCode()).toBe(code);
  }
  expect(process.listenerCount(signal)).toBe(0);
});

it("keeps the exit code of the first signal", () => {
  using signals = listenToSignals(() => {});
  process.emit("SIGTERM", "SIGTERM");
  process.emit("SIGINT", "SIGINT");
  expect(signals.exitCode()).toBe(143);
});
