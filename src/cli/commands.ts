import type { CommandFile } from "./command-tree.ts";

/** Every command, in the order of `--help`. */
export const COMMANDS: readonly CommandFile[] = [
  {
    name: "init",
    summary: "write a first sweep with its simulation",
    load: async () => (await import("./init.ts")).initCommand(),
  },
  {
    name: "plan",
    summary: "show a sweep's points, and run nothing",
    load: async () => (await import("./plan.ts")).planCommand(),
  },
  {
    name: "run",
    summary: "run a sweep, or what is missing of it",
    load: async () => (await import("./run.ts")).runCommand(),
  },
  {
    name: "build",
    summary: "test, build and push a simulation's image",
    load: async () => (await import("./build.ts")).buildCommand(),
  },
  {
    name: "status",
    summary: "how a run stands, also one in progress",
    load: async () => (await import("./status.ts")).statusCommand(),
  },
  {
    name: "logs",
    summary: "what a point printed",
    load: async () => (await import("./logs.ts")).logsCommand(),
  },
  {
    name: "report",
    summary: "a run as a page to look at, or two runs compared",
    load: async () => (await import("./report.ts")).reportCommand(),
  },
  {
    name: "collect",
    summary: "put what the shards of a plan left together",
    load: async () => (await import("./collect.ts")).collectCommand(),
  },
  {
    name: "machines",
    summary: "rent machines, use them, give them back",
    load: async () => (await import("./machines.ts")).machinesCommand(),
    subcommands: async () => (await import("./machines.ts")).MACHINE_COMMANDS,
  },
  {
    name: "doctor",
    summary: "what is there on this machine, and what each lack costs",
    load: async () => (await import("./doctor.ts")).doctorCommand(),
  },
  {
    name: "completion",
    summary: "a script that lets your shell complete commands",
    load: async () => (await import("./completion.ts")).completionCommand(),
  },
];
