import type { Container, ContainerCreateOptions } from "dockerode";
import type { Connection } from "./connect.ts";
import { createContainer, removeContainer } from "./lifecycle.ts";
import type { Group } from "./usage.ts";

/** The containers that this engine made and that are not known to be gone. */
export interface Containers {
  /** `group` is the control group that the options name, if it is one of ours. */
  create(
    options: ContainerCreateOptions,
    platform: string | null,
    group: Group | null,
  ): Promise<Container>;
  /** Whether it is one of this engine's that is not known to have gone. */
  has(id: string): boolean;
  /**
   * Removes a container and its control group. Never throws: what a daemon does not remove now is
   * tried again by `removeLeft`.
   */
  remove(container: Container): Promise<void>;
  /** Whose removal failed, and with `all` every container there is. Throws nothing. */
  removeLeft(all: boolean): Promise<void>;
}

interface Made {
  readonly container: Container;
  readonly group: Group | null;
  /** Whether its removal was tried in vain. */
  left: boolean;
}

export function ownContainers(connection: Connection): Containers {
  const { docker } = connection;
  const made = new Map<string, Made>();

  const remove = async (one: Made): Promise<void> => {
    try {
      await removeContainer(one.container);
      await one.group?.remove();
      made.delete(one.container.id);
    } catch {
      // A daemon that went away, or a disk that is busy for the moment.
      one.left = true;
    }
  };
  return {
    create: async (options, platform, group) => {
      const container = await createContainer(docker, options, platform);
      made.set(container.id, { container, group, left: false });
      return container;
    },
    has: (id) => made.get(id)?.left === false,
    remove: async (container) => {
      const one = made.get(container.id);
      if (one !== undefined) await remove(one);
    },
    removeLeft: async (all) => {
      await Promise.all([...made.values()].filter((one) => all || one.left).map(remove));
    },
  };
}
