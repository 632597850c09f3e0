import { expect } from "vitest";
import { digitalOcean } from "../../../src/machines/digitalocean/provider.ts";
import { startDigitalOcean } from "../../lab/digitalocean/server.ts";
import { type ProviderBench, providerContract } from "../contract.ts";
import { fakeTimer } from "./fixtures.ts";

type Ocean = Awaited<ReturnType<typeof startDigitalOcean>>;
const oceans = new WeakMap<ProviderBench, Ocean>();

function oceanOf(bench: ProviderBench): Ocean {
  const ocean = oceans.get(bench);
  if (ocean === undefined) throw new Error("not a bench of this file");
  return ocean;
}

providerContract("digitalocean", {
  missing: null,
  make: async () => {
    // Not of Date, which a test puts an hour ahead.
    const now = () => Math.floor(performance.timeOrigin + performance.now());
    const clock = { now, advance: () => expect.unreachable("nobody moves it here") };
    const ocean = await startDigitalOcean({ clock, lags: { listed: { calls: 1 } } });
    const bench: ProviderBench = {
      provider: digitalOcean(ocean.env, { timer: fakeTimer() }),
      size: "c-2",
      region: "fra1",
      existing: async () => ocean.droplets().map(({ name }) => name),
      clock: now,
      [Symbol.asyncDispose]: () => ocean[Symbol.asyncDispose](),
    };
    oceans.set(bench, ocean);
    return bench;
  },
  capabilities: {
    power: true,
    wrongSecret: {
      secret: "dop_v1_wrong",
      make: async (bench) =>
        digitalOcean({ ...oceanOf(bench).env, DIGITALOCEAN_TOKEN: "dop_v1_wrong" }),
    },
    foreign: async (bench) => String(oceanOf(bench).seed({ name: "theirs" }).id),
    userData: async (bench, id) =>
      oceanOf(bench)
        .droplets()
        .find((droplet) => String(droplet.id) === id)?.userData ?? "",
    tooMuchUserData: 64 * 1024,
    tooMany: 10_000,
  },
});
