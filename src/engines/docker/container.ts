import type { ContainerCreateOptions, MountSettings } from "dockerode";
import type { Task } from "../engine.ts";
import { OUTPUT, SECRETS } from "./files.ts";
import type { PreparedImage } from "./image.ts";

/** By which a container is found again. Nothing secret is ever in a label: everyone can read them. */
export const LABELS = {
  run: "sim-pipeline.run",
  /** The index of its first point. */
  point: "sim-pipeline.point",
  attempt: "sim-pipeline.attempt",
  task: "sim-pipeline.task",
  /** Whether it runs one task, is kept for many, or only looks whether files are shared. */
  kind: "sim-pipeline.kind",
} as const;

export type Kind = "task" | "warm" | "probe";

/** A writable tmpfs in every container. */
const HOME = "/home/sim";

/**
 * A fork bomb ends itself, not the machine; the largest honest simulation stays far below.
 */
const MAX_PROCESSES = 4_096;

/** The daemon's own copy of a log, needed only by a recovery: it must not fill the disk. */
const LOG = { Type: "json-file", Config: { "max-size": "8m", "max-file": "2" } };

/** What the engine decides for a task's container, beyond what the task says. */
export interface Settings {
  readonly kind: Kind;
  readonly image: PreparedImage;
  /** As Docker's `User` takes it; null for the image's own. */
  readonly user: string | null;
  /** The folder that becomes the output folder; null where files are copied instead. */
  readonly output: string | null;
  readonly mounts: readonly MountSettings[];
  /** A Docker network, or null for none. */
  readonly network: string | null;
  readonly cgroupParent: string | null;
  readonly entrypoint: readonly string[] | null;
  /** Empty: the image's own, unless there is an entrypoint. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Keeps stdin open for commands, until whoever attaches to it goes away. */
  readonly stdin: boolean;
}

/** What the daemon is asked to create for a task. */
export function containerOptions(task: Task, settings: Settings): ContainerCreateOptions {
  const { entrypoint, command, resources } = { ...task, ...settings };
  return {
    Image: settings.image.id,
    ...(entrypoint === null ? {} : { Entrypoint: [...entrypoint] }),
    ...(command.length === 0 && entrypoint === null ? {} : { Cmd: [...command] }),
    ...(settings.user === null ? {} : { User: settings.user }),
    Env: Object.entries(settings.env).map(([name, value]) => `${name}=${value}`),
    Labels: labels(task, settings.kind),
    // The image's health check would start processes of its own in the task's container.
    Healthcheck: { Test: ["NONE"] },
    ...(settings.stdin ? { OpenStdin: true, StdinOnce: true, AttachStdin: true } : {}),
    HostConfig: {
      NetworkMode: settings.network ?? "none",
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Init: true,
      PidsLimit: MAX_PROCESSES,
      LogConfig: LOG,
      Tmpfs: { [HOME]: "rw,exec,nosuid,nodev,mode=1777" },
      Mounts: [
        ...(settings.output === null ? [] : [bind(settings.output, OUTPUT, false)]),
        ...settings.mounts,
      ],
      ...(settings.cgroupParent === null ? {} : { CgroupParent: settings.cgroupParent }),
      ...(resources.cpus === null ? {} : { NanoCpus: Math.round(resources.cpus * 1e9) }),
      // Without the same limit for memory and swap together, half of it again would be swap.
      ...(resources.memory === null
        ? {}
        : { Memory: resources.memory, MemorySwap: resources.memory }),
      ...(resources.gpus === 0
        ? {}
        : { DeviceRequests: [{ Count: resources.gpus, Capabilities: [["gpu"]] }] }),
    },
    ...(settings.network === null ? {} : shielded(settings.network)),
  };
}

/** The task's environment with what the engine adds. */
export function taskEnv(task: Task): Record<string, string> {
  return {
    HOME,
    ...(Object.keys(task.secrets).length === 0 ? {} : { SIM_SECRETS: SECRETS }),
    ...task.env,
  };
}

function labels(task: Task, kind: Kind): Record<string, string> {
  return {
    [LABELS.run]: task.run,
    [LABELS.point]: String(task.points[0] ?? 0),
    [LABELS.attempt]: String(task.attempt),
    [LABELS.task]: task.id,
    [LABELS.kind]: kind,
  };
}

export function bind(source: string, target: string, readOnly: boolean): MountSettings {
  return { Type: "bind", Source: source, Target: target, ReadOnly: readOnly };
}

/** Where clouds serve a machine's metadata, credentials among them. */
const METADATA_ADDRESS = "169.254.169.254";

/**
 * Gives the container the metadata address as one of its own, so that what it sends there never
 * leaves it; the rest of 169.254.0.0/16 becomes its own link, where nobody answers. (A machine
 * whose name server has the metadata address, as Google's have, thus has no names in containers.)
 */
function shielded(network: string): Pick<ContainerCreateOptions, "NetworkingConfig"> {
  return {
    NetworkingConfig: {
      EndpointsConfig: { [network]: { IPAMConfig: { LinkLocalIPs: [METADATA_ADDRESS] } } },
    },
  };
}
