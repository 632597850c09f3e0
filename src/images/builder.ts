import { ReportedError } from "../sweep/errors.ts";
import { type Environment, runCommand } from "./command.ts";

/**
 * What builds images here. `daemon`: the daemon's own BuildKit through `docker build`;
 * `buildx-daemon`: the same through buildx (its driver `docker`); `buildkit`: a BuildKit of its
 * own, or the daemon's with the containerd image store, which can do everything.
 * https://docs.docker.com/build/builders/drivers/
 */
export type Builder = "daemon" | "buildx-daemon" | "buildkit";

/** Asks the docker CLI which builder it has. Throws a ReportedError (3) where there is none. */
export async function findBuilder(env: Environment, signal: AbortSignal): Promise<Builder> {
  const ask = async (...args: string[]) =>
    await runCommand({ program: "docker", args, env }, () => {}, signal);
  const version = await ask("buildx", "version");
  if (version.code !== 0) return "daemon";
  const { code, tail } = await ask("buildx", "inspect");
  if (code !== 0) {
    throw new ReportedError(
      3,
      `docker buildx does not know its builder: ${tail.at(-1) ?? `exit code ${code}`}\n` +
        "Look at `docker buildx ls`, and choose one with `docker buildx use` or BUILDX_BUILDER.",
    );
  }
  const driver = /^Driver:\s*(\S+)/m.exec(tail.join("\n"))?.[1];
  if (driver !== "docker") return "buildkit";
  const info = await ask("info", "--format", "{{json .DriverStatus}}");
  return info.tail.join("").includes("io.containerd.snapshotter") ? "buildkit" : "buildx-daemon";
}

/** Features that not every builder has. */
export interface Needs {
  readonly platforms: readonly string[];
  /** Null: only where it can be had. */
  readonly cache: boolean | null;
}

/** Throws a ReportedError (3) that names the feature and what brings it. */
export function checkNeeds(builder: Builder, { platforms, cache }: Needs): void {
  if (builder === "daemon" && cache === true) {
    throw lacks(
      "A cache in the registry (cache: true) needs docker buildx, which is not installed",
    );
  }
  if (builder !== "buildkit" && platforms.length > 1) {
    const why =
      builder === "daemon"
        ? "docker buildx, which is not installed"
        : "a buildx builder with a BuildKit of its own; this one's driver is `docker`";
    throw lacks(`An image for several platforms (${platforms.join(", ")}) needs ${why}`);
  }
}

function lacks(what: string): ReportedError {
  return new ReportedError(
    3,
    `${what}.\nIn a workflow, put a step with docker/setup-buildx-action before this one; ` +
      "elsewhere: install the plugin (https://docs.docker.com/go/buildx/) and run " +
      "`docker buildx create --use`.",
  );
}

/** One line of what this builder does not make, or null. */
export function lackOf(builder: Builder): string | null {
  if (builder === "buildkit") return null;
  const why =
    builder === "daemon" ? "docker buildx is not installed" : "the buildx driver is `docker`";
  return `No provenance and no SBOM: ${why} (docker/setup-buildx-action brings what makes them).`;
}
