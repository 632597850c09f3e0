/** The machines behind droplets, or none: what starts, stops and ends them, in the background. */

import {
  type ActionRecord,
  addAction,
  become,
  type DropletRecord,
  endAction,
  remove,
  type State,
} from "./state.ts";
import type { BootRequest, Host } from "./types.ts";

export type Boot = (droplet: BootRequest) => Promise<Host>;

export interface Hosts extends AsyncDisposable {
  readonly errors: readonly unknown[];
  boot(droplet: DropletRecord): void;
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

  function inBackground(work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => {
        errors.push(error);
      })
      .finally(() => underWay.delete(running));
    underWay.add(running);
  }

  async function settled(): Promise<void> {
    while (underWay.size > 0) await Promise.all(underWay);
  }

  const hosts: Hosts = {
    errors,
    boot: (droplet) => {
      if (boot === null) {
        droplet.promised = state.nextAddresses();
        return;
      }
      const { id, name, userData, region, tags } = droplet;
      const onPowerOff = () => hosts.wentOff(droplet);
      const started = boot({
        id,
        name,
        userData,
        size: droplet.size.slug,
        region,
        tags,
        onPowerOff,
      });
      droplet.host = started.catch(() => null);
      inBackground(async () => {
        const { address, privateAddress } = await started;
        droplet.promised = { address, privateAddress: privateAddress ?? address };
      });
    },
    power: (droplet, type) => {
      const wanted = type === "power_on" ? "active" : "off";
      if (droplet.status === wanted) return null;
      const action = addAction(state, droplet, type);
      inBackground(async () => {
        try {
          const host = await droplet.host;
          await (type === "power_on" ? host?.powerOn() : host?.powerOff());
          become(state, droplet, wanted);
          endAction(state, action, "completed");
        } catch (error) {
          endAction(state, action, "errored");
          throw error;
        }
      });
      return action;
    },
    wentOff: (droplet) => {
      if (droplet.removed === null) become(state, droplet, "off");
    },
    remove: (droplet) => {
      remove(state, droplet);
      inBackground(async () => (await droplet.host)?.destroy());
    },
    settled,
    [Symbol.asyncDispose]: async () => {
      for (const droplet of state.droplets) {
        if (droplet.removed === null) hosts.remove(droplet);
      }
      await settled();
    },
  };
  return hosts;
}
