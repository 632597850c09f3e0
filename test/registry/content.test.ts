import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { connectDocker } from "../../src/engines/docker/connect.ts";
import { prepareImage } from "../../src/engines/docker/image.ts";
import { openRepository } from "../../src/registry/client.ts";
import { readImageContent } from "../../src/registry/content.ts";
import { imageIdentity } from "../../src/registry/identity.ts";
import { dockerEnv } from "../engines/docker/fixtures.ts";
import { testSweep } from "../engines/fixtures.ts";
import { findRegistry, needing } from "../lab/lab.ts";
import { serve } from "./server.ts";

const signal = new AbortController().signal;
const digest = (content: unknown) =>
  `sha256:${createHash("sha256").update(JSON.stringify(content)).digest("hex")}`;

const config = (architecture: string) => ({
  os: "linux",
  architecture,
  rootfs: { diff_ids: [`sha256:${architecture}`] },
  config: { Entrypoint: ["/x"], Cmd: null, Volumes: { "/v": {} } },
});
const manifest = (architecture: string) => ({ config: { digest: digest(config(architecture)) } });
const index = {
  manifests: [
    ...["amd64", "arm64"].map((architecture) => ({
      digest: digest(manifest(architecture)),
      platform: {
        os: "linux",
        architecture,
        ...(architecture === "arm64" ? { variant: "v8" } : {}),
      },
    })),
    { digest: "sha256:attestation", platform: { os: "unknown", architecture: "unknown" } },
  ],
};

/** A registry of one repository, `/app`, with these things by tag or digest. */
async function registry() {
  const things = new Map<string, unknown>([
    ["latest", index],
    ["one", manifest("amd64")],
  ]);
  for (const architecture of ["amd64", "arm64"]) {
    things.set(digest(manifest(architecture)), manifest(architecture));
    things.set(digest(config(architecture)), config(architecture));
  }
  const server = await serve((request, response) => {
    if (request.url === "/v2/") return response.end();
    const thing = things.get(request.url?.split("/").at(-1) ?? "");
    response.writeHead(thing === undefined ? 404 : 200).end(JSON.stringify(thing));
  });
  const options = { credentials: null, access: "pull", signal } as const;
  return { server, repository: openRepository(`${server.address}/app`, options) };
}

describe("an image's content, without a pull", () => {
  test.each([
    ["latest", "linux/amd64", "sha256:amd64"],
    ["latest", "linux/arm64", "sha256:arm64"],
    ["one", "linux/amd64", "sha256:amd64"],
  ])("of %s for %s", async (tag, platform, layer) => {
    const { server, repository } = await registry();
    await using _server = server;
    expect(await readImageContent(repository, tag, platform)).toMatchObject({
      layers: [layer],
      config: { entrypoint: ["/x"], cmd: [], workdir: "", env: [], volumes: ["/v"] },
    });
  });

  test.each([
    ["latest", "linux/386"],
    ["one", "linux/arm64"],
    ["absent", "linux/amd64"],
  ])("of %s for %s is not there", async (tag, platform) => {
    const { server, repository } = await registry();
    await using _server = server;
    expect(await readImageContent(repository, tag, platform)).toBeNull();
  });
});

test("of an artifact that is no image: refused", async () => {
  await using server = await serve((request, response) => {
    response.end(request.url?.includes("/blobs/") ? "{}" : '{"config":{"digest":"sha256:a"}}');
  });
  const options = { credentials: null, access: "pull", signal } as const;
  const repository = openRepository(`${server.address}/app`, options);
  await expect(readImageContent(repository, "chart", "linux/amd64")).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringContaining("no container image"),
  });
});

const env = await dockerEnv();
const lab = await findRegistry();

describe.skipIf(env === null || lab === null)(
  needing("the lab's Docker and registry", "an identity"),
  () => {
    test("is the same, read from a registry or from the daemon", async () => {
      const { image = "", user = "", password = "" } = lab ?? {};
      const credentials = { kind: "password", user, password } as const;
      const repository = openRepository(image, { credentials, access: "pull", signal });
      const content = await readImageContent(repository, "stable", "linux/amd64");
      const connection = await connectDocker(env ?? {});
      try {
        const sweep = testSweep({ image: "busybox:stable" });
        const { identity } = await prepareImage(connection, sweep, env ?? {}, signal);
        expect(content === null ? null : imageIdentity(content)).toBe(identity.identity);
      } finally {
        connection.close();
      }
    });
  },
);
