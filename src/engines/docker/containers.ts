import type { Container, ContainerCreateOptions } from "dockerode";
import type { Connection } from "./connect.ts";
import { createContainer, removeContainer } from "./lifecycle.ts";

/** The containers that this engine made and that are not known to be gone. */
export interface Containers {
  create(options: ContainerCreateOptions, platform: string | null): Promise<Container>;
  /** Never throws: what a daemon does not remove now is tried again by `removeLeft`. */
  remove(container: Container): Promise<void>;
  /** Whose removal failed, and with `all` every container there is. Throws nothing. */
  removeLeft(all: boolean): Promise<void>;
}

export function ownContainers(connection: Connection): Containers {
  const { docker } = connection;
  const made = new Map<string, Container>();
  const left = new Set<Container>();

  const remove = async (container: Container): Promise<void> => {
    try {
      await removeContainer(container);
      made.delete(container.id);
      left.delete(container);
    } catch {
      // A daemon that went away, or a disk that is busy for the moment.
      left.add(container);
    }
  };
  return {
    create: async (options, platform) => {
      const container = await createContainer(docker, options, platform);
      made.set(container.id, container);
      return container;
    },
    remove,
    removeLeft: async (all) => {
      await Promise.all([...(all ? made.values() : left)].map(remove));
    },
  };
}
