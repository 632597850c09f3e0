import { describe, expect, it } from "vitest";
import type { LeasedMachine } from "../../src/machines/lease-types.ts";
import { type Machine, type Provider, ProviderError } from "../../src/machines/provider.ts";
import { watchMachines } from "../../src/machines/watch.ts";

const machine = { id: "1", name: "sim-aaaaaaaaaa-0" } as LeasedMachine;
const shown = (state: Machine["state"]) => [{ ...machine, state } as Machine];
const never = new AbortController().signal;

/** A provider whose listings come one after the other, and the last one again and again. */
function provider(...listings: (readonly Machine[] | Error)[]): Provider {
  const list = async () => {
    const next = listings.length > 1 ? listings.shift() : listings[0];
    if (next instanceof Error) throw next;
    return next ?? [];
  };
  return { name: "digitalocean", list } as unknown as Provider;
}
/** Time that passes as soon as somebody waits for it. */
const clock = {
  now: () => 0,
  wait: async (_: number, signal: AbortSignal) => {
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  },
};
const endless = (still: AbortSignal) =>
  new Promise<void>((_, reject) => {
    still.addEventListener("abort", () => reject(still.reason));
  });

describe("machines that do not answer", () => {
  it("are waited for while they run", async () => {
    let answer = () => {};
    const waiting = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let listed = 0;
    const running: Provider = {
      ...provider(shown("running")),
      list: async () => {
        if (++listed === 3) answer();
        return shown("running");
      },
    };
    await watchMachines(running, [machine], never, () => waiting, clock);
    expect(listed).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ["is gone", provider([]), "The machine sim-aaaaaaaaaa-0 is gone: its deadline came"],
    ["is powered off", provider(shown("stopped")), "The machine sim-aaaaaaaaaa-0 is stopped"],
    [
      "is gone when the provider's API is back",
      provider(new ProviderError("unavailable", "no answer"), []),
      "is gone",
    ],
    ["cannot be asked for", provider(new ProviderError("auth", "expired token")), "expired token"],
  ])("are given up when one %s", async (_, from, message) => {
    await expect(watchMachines(from, [machine], never, endless, clock)).rejects.toThrow(message);
  });

  it("are not waited for after an interruption", async () => {
    const stop = new AbortController();
    const watching = watchMachines(
      provider(shown("running")),
      [machine],
      stop.signal,
      endless,
      clock,
    );
    stop.abort(new Error("interrupted"));
    await expect(watching).rejects.toThrow("interrupted");
  });
});
