import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectDocker, findDockerHost } from "../../../src/engines/docker/connect.ts";
import { dockerAvailable, dockerEngine } from "../../../src/engines/docker/docker.ts";
import { needing } from "../../lab/lab.ts";
import { dockerEnv, tlsEnv } from "./fixtures.ts";

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sim-connect-"));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

function makeContext(name: string, host: string, tls: boolean): void {
  const id = createHash("sha256").update(name).digest("hex");
  const contexts = join(home, ".docker", "contexts");
  mkdirSync(join(contexts, "meta", id), { recursive: true });
  const meta = { Name: name, Metadata: {}, Endpoints: { docker: { Host: host } } };
  writeFileSync(join(contexts, "meta", id, "meta.json"), JSON.stringify(meta));
  if (!tls) return;
  mkdirSync(join(contexts, "tls", id, "docker"), { recursive: true });
  writeFileSync(join(contexts, "tls", id, "docker", "ca.pem"), "");
}

describe("which daemon", () => {
  test("DOCKER_HOST's goes before all others", async () => {
    makeContext("other", "unix:///other.sock", false);
    const env = { HOME: home, DOCKER_HOST: "tcp://a:1", DOCKER_CONTEXT: "other" };
    expect(await findDockerHost(env)).toEqual({
      url: "tcp://a:1",
      from: "DOCKER_HOST",
      certificates: null,
    });
  });

  test.each([
    [{ DOCKER_CERT_PATH: "/certs", DOCKER_TLS_VERIFY: "1" }, "/certs"],
    [{ DOCKER_CERT_PATH: "/certs" }, "/certs"],
    [{ DOCKER_TLS_VERIFY: "1", DOCKER_CONFIG: "/config" }, "/config"],
    [{ DOCKER_TLS_VERIFY: "" }, null],
  ])("its certificates, with %j", async (env, certificates) => {
    const found = await findDockerHost({ HOME: home, DOCKER_HOST: "tcp://a:1", ...env });
    expect(found.certificates).toBe(certificates);
  });

  test("a context's, as DOCKER_CONTEXT or the docker config names it", async () => {
    makeContext("remote", "tcp://a:1", true);
    makeContext("desktop", "unix:///desktop.sock", false);
    writeFileSync(join(home, ".docker", "config.json"), '{"currentContext":"desktop"}');
    expect(await findDockerHost({ HOME: home })).toMatchObject({
      url: "unix:///desktop.sock",
      certificates: null,
    });
    const remote = await findDockerHost({ HOME: home, DOCKER_CONTEXT: "remote" });
    expect(remote).toMatchObject({ url: "tcp://a:1", from: "the docker context remote" });
    expect(remote.certificates).toMatch(/\/docker$/);
    const plain = await findDockerHost({ HOME: home, DOCKER_CONTEXT: "default" });
    expect(plain.url).toMatch(/^unix:\/\/.*docker\.sock$/);
  });

  test("a context that is not there: exit 3 with its name", async () => {
    await expect(findDockerHost({ HOME: home, DOCKER_CONTEXT: "gone" })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("The docker context gone"),
    });
  });
});

describe("an address that cannot be used: exit 3 with what to do", () => {
  test.each([
    ["ssh://-oProxyCommand=evil", /is no name of a host/],
    ["ftp://host", /no address of a Docker daemon/],
    ["unix://", /no address of a Docker daemon/],
    ["tcp://", /no address of a Docker daemon/],
  ])("%s", async (host, message) => {
    await expect(connectDocker({ HOME: home, DOCKER_HOST: host })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(message),
    });
  });

  test("certificates that are not there", async () => {
    const env = { HOME: home, DOCKER_HOST: "tcp://127.0.0.1:1", DOCKER_CERT_PATH: home };
    await expect(connectDocker(env)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(`cannot be read from ${home}`),
    });
  });
});

describe("a daemon that does not answer: exit 3 with what to do", () => {
  test("no socket", async () => {
    const env = { HOME: home, DOCKER_HOST: `unix://${home}/docker.sock` };
    await expect(dockerEngine({ env })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/No Docker daemon answers at unix:.*--engine process/s),
    });
    expect(await dockerAvailable(env)).toEqual({
      available: false,
      reason: expect.stringContaining("No Docker daemon answers"),
    });
  });

  test("a closed port", async () => {
    const server = createServer();
    await listening(server);
    const env = { HOME: home, DOCKER_HOST: `tcp://127.0.0.1:${port(server)}` };
    server.close();
    await expect(dockerEngine({ env })).rejects.toMatchObject({ exitCode: 3 });
  });

  test("something else on its port", async () => {
    const server = createServer((_request, response) => {
      response.writeHead(404).end("nothing here");
    });
    await listening(server);
    try {
      const env = { HOME: home, DOCKER_HOST: `127.0.0.1:${port(server)}` };
      await expect(dockerEngine({ env })).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringContaining("is no Docker daemon"),
      });
    } finally {
      server.close();
    }
  });
});

const docker = await dockerEnv();
test.skipIf(docker === null)(
  needing("a Docker daemon", "a daemon that answers tells its version"),
  async () => {
    expect(await dockerAvailable(docker ?? {})).toEqual({
      available: true,
      host: docker?.DOCKER_HOST,
      version: expect.stringMatching(/^\d+\./),
    });
  },
);

const tls = await tlsEnv();
describe.skipIf(tls === null)(needing("a Docker daemon behind TLS", "over TLS"), () => {
  test("with the right certificates it answers", async () => {
    expect(await dockerAvailable(tls ?? {})).toMatchObject({ available: true });
  });

  test("without them it does not, and the reason says how to reach it", async () => {
    const { DOCKER_CERT_PATH: _path, DOCKER_TLS_VERIFY: _verify, ...plain } = tls ?? {};
    const found = await dockerAvailable(plain);
    expect(found).toMatchObject({
      available: false,
      reason: expect.stringContaining("DOCKER_TLS_VERIFY"),
    });
  });
});

async function listening(server: Server): Promise<void> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
}

function port(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return address.port;
}
