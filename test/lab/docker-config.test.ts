import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerCommand, dockerConfig } from "./docker-config.ts";
import { findBuildKit, findBuildx, findDocker, needing } from "./lab.ts";

const execute = promisify(execFile);
const docker = findBuildx() === null ? null : await findDocker();
const mirror = process.env.SIM_LAB_MIRROR ?? null;

describe.skipIf(!docker)(needing("the lab's docker and buildx", "a docker config"), () => {
  const context = { path: "" };
  beforeAll(async () => {
    context.path = await mkdtemp(join(tmpdir(), "sim-pipeline-context-"));
    const dockerfile =
      "FROM busybox:stable AS test\nRUN true\nFROM busybox:stable\nCOPY . /context\n";
    await writeFile(join(context.path, "Dockerfile"), dockerfile);
  });
  afterAll(() => rm(context.path, { recursive: true }));

  async function run(config: string, ...args: string[]): Promise<string> {
    const env = { PATH: process.env.PATH, DOCKER_CONFIG: config, DOCKER_HOST: docker?.host };
    const { stdout } = await execute(dockerCommand, args, { env });
    return stdout;
  }

  it("has no buildx where a test wants none", async () => {
    await using config = await dockerConfig("none");
    await expect(run(config.path, "buildx", "version")).rejects.toThrow(/is not a docker command/);
  });

  it("has buildx with the daemon's own BuildKit, which makes no attestations", async () => {
    await using config = await dockerConfig("docker");
    expect(await run(config.path, "buildx", "inspect")).toMatch(/Driver: +docker\n/);
    await run(config.path, "buildx", "build", context.path);
    const attested = run(config.path, "buildx", "build", "--provenance=true", context.path);
    await expect(attested).rejects.toThrow(/not supported for the docker driver/);
  });

  it.skipIf(!findBuildKit() || mirror === null)(
    needing("the lab's BuildKit", "has a BuildKit that makes caches, provenance and SBOM"),
    async () => {
      await using config = await dockerConfig("buildkit");
      const image = `${mirror}/sim-lab/attested:latest`;
      const cache = `type=registry,ref=${mirror}/sim-lab/attested:cache`;
      const options = ["--push", "--tag", image, "--provenance=true", "--sbom=true"];
      const caches = ["--cache-to", cache, "--cache-from", cache];
      await run(config.path, "buildx", "build", ...options, ...caches, context.path);
      const attestation = await run(
        config.path,
        ...[
          "buildx",
          "imagetools",
          "inspect",
          image,
          "--format",
          "{{json .SBOM}}{{json .Provenance}}",
        ],
      );
      expect(attestation).toMatch(/SPDX-2\.3.*"SLSA":/s);
    },
  );
});
