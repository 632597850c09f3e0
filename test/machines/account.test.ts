import { expect, it } from "vitest";
import { providerOf } from "../../src/machines/account.ts";
import type { Provider } from "../../src/machines/provider.ts";
import { memoryCloud } from "./memory-provider.ts";
import { recordOf } from "./records.ts";
import { virtualClock } from "./virtual-clock.ts";

const { signal } = new AbortController();

function provider(account: string | null, onEnd = () => {}): Provider {
  const { account: _, ...plain } = memoryCloud({ clock: virtualClock() }).provider("us");
  const asked = account === null ? {} : { account: async () => account };
  return {
    ...plain,
    ...asked,
    [Symbol.asyncDispose]: async () => onEnd(),
  };
}

it.each(["team-1", null])(
  "opens the provider for a token of the same account (%s)",
  async (own) => {
    const record = recordOf({ id: "aaaaaaaaaa", account: own });
    const opened = provider(own);
    expect(await providerOf(record, async () => opened, signal)).toBe(opened);
  },
);

it("refuses the token of another account, whose listing shows nothing of the lease", async () => {
  let ended = false;
  const other = provider("team-2", () => {
    ended = true;
  });
  const record = recordOf({ id: "aaaaaaaaaa", label: "box", account: "team-1" });
  await expect(providerOf(record, async () => other, signal)).rejects.toThrow(
    /box was rented at digitalocean with another account \(team-1\).*\(team-2\)/s,
  );
  expect(ended).toBe(true);
});
