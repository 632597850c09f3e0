/**
 * A stand-in for DigitalOcean's API, version 2, as far as a provider of machines uses it, for
 * unmodified clients: shapes of the official client (official.ts), limits, codes and messages as
 * documented, lags as seen. It keeps time by a clock that a test moves, fails as it is told to
 * (`fail`), and knows the truth behind what it shows (`droplets`).
 */

import { once } from "node:events";
import { createServer } from "node:http";
import { newExchange } from "./exchange.ts";
import { newFaults } from "./faults.ts";
import { newHosts } from "./hosts.ts";
import { movableClock } from "./lag.ts";
import { newRate } from "./rate.ts";
import * as state from "./state.ts";
import type { Call, DigitalOcean, Options, PlannedFault } from "./types.ts";

export type * from "./types.ts";

export async function startDigitalOcean(options: Options = {}): Promise<DigitalOcean> {
  await using cleanup = new AsyncDisposableStack();
  const clock = options.clock ?? movableClock();
  const world = state.newState(clock, options.lags ?? {});
  const hosts = cleanup.use(newHosts(world, options.boot ?? null));
  const server = createServer();
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  cleanup.defer(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const url = `http://127.0.0.1:${address.port}`;

  const faults = newFaults();
  const rate = newRate({ perHour: 5_000, perMinute: 250, ...options.rate }, clock);
  const requests: Call[] = [];
  const exchange = newExchange({ state: world, hosts, options, url }, faults, rate, requests);
  const token = state.addToken(world, "us", null);
  const outages: PlannedFault[] = [];
  server.on("request", (request, response) => {
    exchange(request, response).catch((error: unknown) => {
      // The client went away, or a bug of the stand-in's own, which must be seen.
      if (!request.destroyed) console.error("the stand-in for DigitalOcean:", error);
      response.destroy();
    });
  });
  const owned = cleanup.move();

  return {
    url,
    token,
    env: { DIGITALOCEAN_API_URL: url, DIGITALOCEAN_TOKEN: token },
    clock,
    requests,
    hostErrors: hosts.errors,
    tokenWith: (scopes, owner = "us") => state.addToken(world, owner, scopes),
    tokenOf: (owner) => state.addToken(world, owner, null),
    revoke: (revoked) => {
      world.tokens.delete(revoked);
    },
    droplets: () => state.existing(world).map(state.truth),
    history: () => world.droplets.map(state.truth),
    seed: (seeded) => state.truth(state.seed(world, seeded)),
    powerOffByItself: (id) => hosts.wentOff(state.byId(world, id)),
    vanish: async (id) => {
      hosts.remove(state.byId(world, id));
      await hosts.settled();
    },
    sellOut: (size, region, shown = true) => world.sellOut(size, region, shown),
    settled: () => hosts.settled(),
    fail: (fault) => faults.add(fault),
    down: (how = "unavailable", pattern = "* /**") => {
      const kind = how === "reset" ? "reset" : "outage";
      outages.push(faults.add({ call: pattern, calls: "all", how: kind }));
    },
    up: () => {
      for (const outage of outages.splice(0)) outage.release();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
