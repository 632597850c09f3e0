import type { Reach } from "../../src/machines/lease-types.ts";

/** Machines that are reached without a network; those of `broken` do not come up. */
export function memoryReach(options: { readonly broken?: readonly number[] } = {}): Reach {
  return {
    prepare: async () => "#cloud-config\n",
    connect: async ({ name }, _record, { signal, tell }) => {
      tell("connect", `connecting to ${name}`);
      await new Promise(setImmediate);
      signal.throwIfAborted();
      const index = Number(name.slice(name.lastIndexOf("-") + 1));
      if (options.broken?.includes(index)) throw new Error("its setup failed at Docker");
    },
    env: ({ name }) => ({ DOCKER_HOST: `ssh://${name}` }),
  };
}
