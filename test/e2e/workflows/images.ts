/** The lab's registry in the place of ghcr.io, and the runner's Docker beside it. */

import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Docker, Registry } from "../../lab/lab.ts";

export interface Images extends Disposable {
  /** What an image's name begins with, of no other test: `127.0.0.1:5001/ci-1a2b3c4d` */
  readonly prefix: string;
  /** For a workflow's steps: the daemon, the registry's credentials, buildx as on GitHub's runners. */
  readonly env: Readonly<Record<string, string>>;
  /** The tags that the registry has of an image; null where it has no such image. */
  tagsOf(name: string): Promise<string[] | null>;
  /** The images with this prefix that the daemon has by digest. */
  pulled(): string[];
}

const tagsSchema = z.object({ tags: z.array(z.string()).nullable() });

/** Disposed of, the daemon has none of its images any more. */
export function useImages(lab: {
  readonly registry: Registry;
  readonly docker: Docker;
  readonly buildx: string;
}): Images {
  const { address, user, password } = lab.registry;
  const prefix = `${address}/ci-${randomUUID().slice(0, 8)}`;
  const auth = Buffer.from(`${user}:${password}`).toString("base64");
  const config = mkdtempSync(join(tmpdir(), "sim-pipeline-ci-"));
  writeFileSync(join(config, "config.json"), JSON.stringify({ auths: { [address]: { auth } } }));
  mkdirSync(join(config, "cli-plugins"));
  symlinkSync(lab.buildx, join(config, "cli-plugins/docker-buildx"));

  const docker = (...args: string[]) =>
    execFileSync("docker", args, {
      encoding: "utf8",
      env: { PATH: process.env.PATH, DOCKER_HOST: lab.docker.host },
    });
  const listed = (format: string) =>
    docker("images", "--digests", "--format", format)
      .split("\n")
      .filter((name) => name.startsWith(prefix) && !name.includes("<none>"));
  const pulled = () => listed("{{.Repository}}@{{.Digest}}");
  return {
    prefix,
    env: { DOCKER_CONFIG: config, DOCKER_HOST: lab.docker.host },
    tagsOf: async (name) => {
      const path = `${prefix}/${name}`.slice(address.length + 1);
      const headers = { authorization: `Basic ${auth}` };
      const response = await fetch(`http://${address}/v2/${path}/tags/list`, { headers });
      return response.status === 404 ? null : tagsSchema.parse(await response.json()).tags;
    },
    pulled,
    [Symbol.dispose]: () => {
      const all = new Set([...pulled(), ...listed("{{.Repository}}:{{.Tag}}")]);
      for (const name of all) docker("image", "rm", name);
      rmSync(config, { recursive: true });
    },
  };
}
