import { newCommand } from "./command.ts";
import type { CommandFile } from "./command-tree.ts";

/** `sim-pipeline machines` */
export function machinesCommand() {
  return newCommand(
    "machines",
    "Rents machines, uses them, and gives them back. `run --machines` does all of it for a run.",
    [
      ["sim-pipeline machines sizes --provider digitalocean", "what there is, with prices"],
      ["sim-pipeline machines create box --provider digitalocean --size c-2", "rents one"],
      ['eval "$(sim-pipeline machines env box)"', "points docker, and `run`, at it"],
      ["sim-pipeline machines ls", "what is there, and what it costs"],
      ["sim-pipeline machines rm box", "gives it back"],
      ["sim-pipeline machines reap", "removes what outlived its deadline or its run"],
    ],
  );
}

/** In the order of `--help`. */
export const MACHINE_COMMANDS: readonly CommandFile[] = [
  {
    name: "create",
    summary: "rent machines, until `rm` or their deadline",
    load: async () => (await import("./machines/create.ts")).createCommand(),
  },
  {
    name: "ls",
    summary: "what is there, and what it costs",
    load: async () => (await import("./machines/ls.ts")).lsCommand(),
  },
  {
    name: "sizes",
    summary: "what can be rented, with prices",
    load: async () => (await import("./machines/sizes.ts")).sizesCommand(),
  },
  {
    name: "ip",
    summary: "a machine's address",
    load: async () => (await import("./machines/ip.ts")).ipCommand(),
  },
  {
    name: "status",
    summary: "whether a machine runs",
    load: async () => (await import("./machines/status.ts")).statusCommand(),
  },
  {
    name: "ssh",
    summary: "a shell or a command on a machine",
    load: async () => (await import("./machines/ssh.ts")).sshCommand(),
  },
  {
    name: "cp",
    summary: "copy files to or from a machine",
    load: async () => (await import("./machines/cp.ts")).cpCommand(),
  },
  {
    name: "env",
    summary: "point docker, and `run`, at a machine",
    load: async () => (await import("./machines/env.ts")).envCommand(),
  },
  {
    name: "start",
    summary: "power a machine on again",
    load: async () => (await import("./machines/start.ts")).startCommand(),
  },
  {
    name: "stop",
    summary: "power a machine off; most cost the same then",
    load: async () => (await import("./machines/stop.ts")).stopCommand(),
  },
  {
    name: "rm",
    summary: "give machines back",
    load: async () => (await import("./machines/rm.ts")).rmCommand(),
  },
  {
    name: "reap",
    summary: "remove what outlived its deadline or its run",
    load: async () => (await import("./machines/reap.ts")).reapCommand(),
  },
];
