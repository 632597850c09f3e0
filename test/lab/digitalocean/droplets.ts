import { type Droplet, type DropletOptions, startDroplet } from "../droplet/droplet.ts";
import type { Droplets } from "../lab.ts";
import type { BootRequest } from "./types.ts";

export interface RealDroplets {
  /** For the option of that name: the lab's droplets, with the order's user data executed in them. */
  readonly boot: (droplet: BootRequest) => Promise<Droplet>;
  /** The newest host of this name. Throws where there was none. */
  named(name: string): Droplet;
}

/** They are the stand-in's to end: it does when they are deleted, and all of them at its own end. */
export function realDroplets(
  lab: Droplets,
  options: Pick<DropletOptions, "faults" | "minuteSeconds"> = {},
): RealDroplets {
  const started = new Map<string, Droplet>();
  return {
    boot: async ({ name, userData: ordered, onPowerOff }) => {
      const userData = ordered === "" ? "#cloud-config\n{}\n" : ordered;
      const droplet = await startDroplet(lab, { name, userData, onPowerOff, ...options });
      started.set(name, droplet);
      return droplet;
    },
    named: (name) => {
      const droplet = started.get(name);
      if (droplet === undefined) throw new Error(`no droplet ${name}`);
      return droplet;
    },
  };
}
