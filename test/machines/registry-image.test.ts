import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerEngine } from "../../src/engines/docker/docker.ts";
import { pinImage } from "../../src/machines/registry-image.ts";
import { sweepFromObject } from "../../src/sweep/load.ts";
import { findDocker, findRegistry, needing } from "../lab/lab.ts";

const registry = await findRegistry();
const docker = await findDocker();
const never = new AbortController().signal;
const sweepOf = (image: string) =>
  sweepFromObject({ name: "s", image, parameters: { n: [1] }, command: [] }, ".");

describe.skipIf(registry === null || docker === null)(
  needing("a registry and Docker", "an image that is read from its registry"),
  () => {
    if (registry === null || docker === null) return;
    let config = "";
    const env = () => ({ DOCKER_CONFIG: config, DOCKER_HOST: docker.host });

    beforeAll(() => {
      config = mkdtempSync(join(tmpdir(), "sim-pipeline-config-"));
      const auth = Buffer.from(`${registry.user}:${registry.password}`).toString("base64");
      const auths = { [registry.address]: { auth } };
      writeFileSync(join(config, "config.json"), JSON.stringify({ auths }));
    });
    afterAll(() => rmSync(config, { recursive: true }));

    it("is the one that a daemon pulls, named by digest", async () => {
      const sweep = sweepOf(registry.image);
      const pinned = await pinImage(sweep, "linux/amd64", env(), never);
      expect(pinned.sweep.image).toMatch(
        /^127\.0\.0\.1:\d+\/sim-lab\/busybox@sha256:[0-9a-f]{64}$/,
      );
      await using engine = await dockerEngine({ env: env() });
      const { identity } = await engine.prepare(pinned.sweep, never);
      expect(pinned.identity.identity).toBe(identity);
      // Named by its digest from the start, it is the same.
      const again = await pinImage(pinned.sweep, "linux/amd64", env(), never);
      expect(again.identity.identity).toBe(identity);
    });

    it.each([
      ["no such tag", `${registry.address}/sim-lab/busybox:none`, "linux/amd64", "has no image"],
      ["not for the platform", registry.image, "linux/arm64", "for linux/arm64"],
    ])("is refused: %s", async (_, image, platform, message) => {
      await expect(pinImage(sweepOf(image), platform, env(), never)).rejects.toThrow(message);
    });
  },
);

it("a sweep without an image says nothing that a machine could pull", async () => {
  const sweep = sweepFromObject(
    {
      name: "s",
      process: ["node"],
      parameters: { n: [1] },
      command: [],
    },
    ".",
  );
  await expect(pinImage(sweep, "linux/amd64", {}, never)).rejects.toThrow(
    "names no image that a machine could pull",
  );
});
