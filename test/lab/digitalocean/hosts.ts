/** The machines behind droplets, or none: what starts, stops and ends them, in the background. */

import { type ActionRecord, addAction, type DropletRecord, remove, type State } from "./state.ts";
import type { BootRequest, Host } from "./types.ts";

export type Boot = (droplet: BootRequest) => Promise<Host>;

export interface Hosts extends AsyncDisposable {
  readonly errors: readonly unknown[];
  /** Starts what its `create` asks for. */
  boot(action: ActionRecord): void;
  /** A new power action; null where the droplet is that way already. */
  power(droplet: DropletRecord, type: "power_on" | "power_off" | "shutdown"): ActionRecord | null;
  /** As its deadline does. */
  wentOff(droplet: DropletRecord): void;
  remove(droplet: DropletRecord): void;
  /** Everything that is under way has come to its end. */
  settled(): Promise<void>;
}

export function newHosts(state: State, boot: Boot | null): Hosts {
  const underWay = new Set<Promise<void>>();
  const errors: unknown[] = [];
  let disposed = false;

  function inBackground(work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => {
        errors.push(error);
      })
      .finally(() => underWay.delete(running));
    underWay.add(running);
  }

  /** Does what an action is about, and notes what came of it. */
  function act(action: ActionRecord, work: () => Promise<void>): void {
    inBackground(async () => {
      try {
        await work();
        action.result = "completed";
      } catch (error) {
        action.result = "errored";
        throw error;
      }
    });
  }

  async function settled(): Promise<void> {
    while (underWay.size > 0) await Promise.all(underWay);
  }

  const hosts: Hosts = {
    errors,
    boot: (action) => {
      const { droplet } = action;
      // A call that was held beyond the end of the stand-in.
      if (disposed) return;
      if (boot === null) {
        droplet.addresses = state.nextAddresses();
        droplet.power = "on";
        action.result = "completed";
        return;
      }
      const { id, name, userData, region, tags } = droplet;
      const onPowerOff = () => hosts.wentOff(droplet);
      const size = droplet.size.slug;
      const order = { id, name, userData, size, region, tags, onPowerOff };
      const started = Promise.try(boot, order);
      droplet.host = started.catch(() => null);
      act(action, async () => {
        const { address, privateAddress } = await started;
        droplet.addresses = { address, privateAddress: privateAddress ?? address };
        // Its deadline may have come already.
        droplet.power ??= "on";
      });
    },
    power: (droplet, type) => {
      const wanted = type === "power_on" ? "on" : "off";
      if (droplet.power === wanted) return null;
      const action = addAction(state, droplet, type);
      act(action, async () => {
        const host = await droplet.host;
        await (wanted === "on" ? host?.powerOn() : host?.powerOff());
        droplet.power = wanted;
      });
      return action;
    },
    wentOff: (droplet) => {
      droplet.power = "off";
    },
    remove: (droplet) => {
      remove(state, droplet);
      inBackground(async () => (await droplet.host)?.destroy());
    },
    settled,
    [Symbol.asyncDispose]: async () => {
      disposed = true;
      for (const droplet of state.droplets) {
        if (droplet.removed === null) hosts.remove(droplet);
      }
      await settled();
    },
  };
  return hosts;
}
