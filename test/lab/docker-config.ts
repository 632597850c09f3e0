import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findBuildKit, findBuildx } from "./lab.ts";

const execute = promisify(execFile);

/** The docker command of Debian's own package; a newer one may be before it on PATH. */
export const dockerCommand = "/usr/bin/docker";

/** What `docker buildx` is in a test. */
export type Buildx =
  /** Not installed. */
  | "none"
  /** Its driver `docker`: the daemon builds; no registry cache, no attestations, one platform. */
  | "docker"
  /** A BuildKit of its own, which has all these. */
  | "buildkit";

/**
 * A folder for DOCKER_CONFIG, without any credentials, in which `docker buildx` is what a test wants.
 * Throws where the lab lacks a part.
 */
export async function dockerConfig(buildx: Buildx): Promise<AsyncDisposable & { path: string }> {
  await using cleanup = new AsyncDisposableStack();
  const path = await mkdtemp(join(tmpdir(), "sim-pipeline-docker-config-"));
  cleanup.defer(() => rm(path, { recursive: true, force: true }));
  await writeFile(join(path, "config.json"), "{}");
  if (buildx !== "none") {
    const plugin = findBuildx();
    if (plugin === null) throw new Error("no docker buildx: run scripts/lab/up.sh");
    await mkdir(join(path, "cli-plugins"));
    await symlink(plugin, join(path, "cli-plugins", "docker-buildx"));
  }
  if (buildx === "buildkit") {
    const address = findBuildKit();
    if (address === null) throw new Error("no BuildKit: run scripts/lab/up.sh");
    await execute(
      dockerCommand,
      ["buildx", "create", "--name", "lab", "--driver", "remote", "--use", address],
      { env: { PATH: process.env.PATH, DOCKER_CONFIG: path } },
    );
  }
  const owned = cleanup.move();
  return { path, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
