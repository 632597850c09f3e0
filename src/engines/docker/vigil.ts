import type { Readable } from "node:stream";
import type { Connection } from "./connect.ts";
import { jsonLines, readable } from "./streams.ts";

/** One lifetime of a daemon, from its start to its shutdown or crash. */
export interface Life {
  /** Whether it still goes on: false from the moment on at which the daemon begins to shut down. */
  goesOn(): Promise<boolean>;
}

/** Tells a container that ended by itself from one that a daemon took with it. */
export interface Vigil {
  /** The current one. Throws where no daemon answers. */
  life(): Promise<Life>;
  close(): void;
}

/**
 * A daemon that shuts down asks its containers to end, and goes on to answer who waits for them:
 * with exit code 0 for a simulation that ends when asked to. But it takes no new connections by
 * then. Where systemd holds its socket, they wait for the next daemon; so an answer counts only
 * while a connection of the old one, here for its events, is still open.
 */
export function keepVigil(connection: Connection): Vigil {
  let current: Promise<{ life: Life; events: Readable }> | null = null;

  const open = async () => {
    // Of a kind that hardly ever comes.
    const answer = await connection.docker.getEvents({ filters: { type: ["daemon"] } });
    const events = readable(answer);
    let over = false;
    const read = async () => {
      for await (const _event of jsonLines(events));
    };
    // However it ends.
    const end = (): void => {
      over = true;
      current = null;
    };
    read().then(end, end);
    const life = { goesOn: async () => (await connection.answers()) && !over };
    return { life, events };
  };
  return {
    life: async () => {
      if (current === null) {
        current = open();
        current.catch(() => {
          current = null;
        });
      }
      return (await current).life;
    },
    close: () => {
      // What was never opened needs no closing.
      current?.then(({ events }) => events.destroy()).catch(() => {});
    },
  };
}
