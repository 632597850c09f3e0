import type { AddressInfo } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { openRepository } from "../../src/registry/client.ts";
import type { Credentials } from "../../src/registry/credentials.ts";
import { findRegistry, needing } from "../lab/lab.ts";
import { serve } from "./server.ts";

const password: Credentials = { kind: "password", user: "me", password: "hush" };
const basic = `Basic ${Buffer.from("me:hush").toString("base64")}`;
const signal = new AbortController().signal;
const open = (address: string, credentials: Credentials | null = null) =>
  openRepository(`${address}/org/app`, { credentials, access: "pull,push", signal });

const MANIFEST = '{"schemaVersion":2}';
const DIGEST = "sha256:7a1b9e9ff4d7d5b1ab45f4c1d8d9b86b3b0b1c1b4b4b4b4b4b4b4b4b4b4b4b4b";

describe("logging in", () => {
  test("is left out where nobody asks for it", async () => {
    await using server = await serve((_, response) => response.end(MANIFEST));
    await open(server.address, password).manifest("latest");
    await open(server.address, password).manifest("latest");
    expect(server.asked.slice(0, 2)).toEqual(["GET /v2/", "GET /v2/org/app/manifests/latest"]);
  });

  test("with Basic sends user and password", async () => {
    const seen: unknown[] = [];
    await using server = await serve((request, response) => {
      seen.push(request.headers.authorization);
      if (request.headers.authorization === basic) return response.end(MANIFEST);
      response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
    });
    const repository = open(server.address, password);
    await repository.manifest("a");
    await repository.manifest("b");
    // Asked once for all.
    expect(seen).toEqual([undefined, basic, basic]);
  });

  /** A registry with tokens, of which each holds for so many requests. */
  const withTokens = (uses: number) => {
    let left = 0;
    return serve((request, response) => {
      const { host, authorization } = request.headers;
      const url = new URL(request.url ?? "", `http://${host}`);
      if (url.pathname === "/token") {
        left = uses;
        const known = authorization === basic;
        if (!known) return response.writeHead(401).end();
        return response.end(JSON.stringify({ token: url.searchParams.get("scope") }));
      }
      if (authorization === "Bearer repository:org/app:pull,push" && left-- > 0) {
        return response.end(MANIFEST);
      }
      const challenge = `Bearer realm="http://${host}/token",service="us",scope="other"`;
      response.writeHead(401, { "www-authenticate": challenge }).end();
    });
  };

  test("with a token names the repository and what is to be done with it", async () => {
    await using server = await withTokens(9);
    await open(server.address, password).manifest("latest");
    expect(server.asked).toEqual([
      "GET /v2/",
      "GET /token?scope=repository%3Aorg%2Fapp%3Apull%2Cpush&service=us",
      "GET /v2/org/app/manifests/latest",
    ]);
  });

  test("is done again when a token has expired", async () => {
    await using server = await withTokens(1);
    const repository = open(server.address, password);
    await repository.manifest("a");
    await repository.manifest("b");
    expect(server.asked.filter((line) => line.includes("/token"))).toHaveLength(2);
  });

  test("with a wrong password: unauthorized, and the password is in no message", async () => {
    await using server = await withTokens(1);
    const wrong: Credentials = { kind: "password", user: "me", password: "hush-hush" };
    const error = await open(server.address, wrong)
      .manifest("a")
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ exitCode: 3, fault: "unauthorized", passing: false });
    expect(String(error)).not.toContain("hush");
  });

  test("with an identity token trades it for one", async () => {
    let form = "";
    await using server = await serve((request, response) => {
      if (request.method === "POST") {
        request.on("data", (chunk) => {
          form += String(chunk);
        });
        request.on("end", () => response.end('{"access_token":"traded"}'));
      } else if (request.headers.authorization === "Bearer traded") response.end(MANIFEST);
      else {
        const challenge = `Bearer realm="http://${request.headers.host}/token"`;
        response.writeHead(401, { "www-authenticate": challenge }).end();
      }
    });
    await open(server.address, { kind: "identity-token", token: "id" }).manifest("a");
    expect(Object.fromEntries(new URLSearchParams(form))).toMatchObject({
      grant_type: "refresh_token",
      refresh_token: "id",
    });
  });
});

describe("what a registry answers", () => {
  test("a manifest comes with the hash of its bytes", async () => {
    await using server = await serve((_, response) => {
      response.setHeader("content-type", "application/vnd.oci.image.index.v1+json");
      response.end(MANIFEST);
    });
    const manifest = await open(server.address).manifest("a");
    expect(manifest).toMatchObject({
      mediaType: "application/vnd.oci.image.index.v1+json",
      digest: "sha256:bafebd36189ad3688b7b3915ea55d461e0bfcfbdde11e54b0a123999fb6be50f",
    });
  });

  test("a digest comes from the header, or from the manifest where there is none", async () => {
    await using server = await serve((request, response) => {
      if (request.url?.endsWith("/with")) response.setHeader("docker-content-digest", DIGEST);
      response.end(request.method === "HEAD" ? "" : MANIFEST);
    });
    const repository = open(server.address);
    expect(await repository.digest("with")).toBe(DIGEST);
    expect(await repository.digest("without")).toBe((await repository.manifest("x"))?.digest);
  });

  test("what is not there is null", async () => {
    await using server = await serve((request, response) => {
      response.writeHead(request.url === "/v2/" ? 200 : 404).end();
    });
    expect(await open(server.address).manifest("a")).toBeNull();
    expect(await open(server.address).digest("a")).toBeNull();
  });

  test.each([
    [401, "unauthorized", false, /registry-username and registry-password.*docker login/s],
    [403, "forbidden", false, /DENIED: no\n.*give their user the right/s],
    [400, "refused", false, /HTTP 400/],
    [429, "busy", true, /limits how often/],
    [500, "broken", true, /HTTP 500/],
    [503, "broken", true, /HTTP 503/],
  ])("HTTP %i: %s", async (status, fault, passing, message) => {
    await using server = await serve((request, response) => {
      if (request.url === "/v2/") return response.end();
      response.writeHead(status).end('{"errors":[{"code":"DENIED","message":"no"}]}');
    });
    await expect(open(server.address).manifest("a")).rejects.toMatchObject({
      exitCode: 3,
      fault,
      passing,
      retryAfter: null,
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ["3", 3000],
    ["0", 0],
    [new Date(0).toUTCString(), 0],
    ["soon", null],
  ])("Retry-After: %s is %s ms", async (header, retryAfter) => {
    await using server = await serve((_, response) => {
      response.writeHead(429, { "retry-after": header }).end();
    });
    await expect(open(server.address).manifest("a")).rejects.toMatchObject({ retryAfter });
  });
});

describe("what is no registry", () => {
  test.each([
    ["a web site", 200, { "content-type": "text/html" }],
    ["a server without that path", 404, {}],
    ["a login without a challenge", 401, {}],
    ["a login elsewhere without a scheme", 401, { "www-authenticate": 'Bearer realm="/token"' }],
  ])("%s: foreign", async (_, status, headers) => {
    await using server = await serve((_request, response) => {
      response.writeHead(status, headers).end("<html>");
    });
    await expect(open(server.address).manifest("a")).rejects.toMatchObject({
      fault: "foreign",
      passing: false,
      message: expect.stringContaining("does not speak the API of container registries"),
    });
  });

  // What fetch throws, without asking a name server, of which some take seconds for a no.
  test.each([
    ["ENOTFOUND", "unknown-host", false],
    ["EAI_AGAIN", "unreachable", true],
    ["CERT_HAS_EXPIRED", "untrusted", false],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "untrusted", false],
    ["UND_ERR_SOCKET", "unreachable", true],
  ])("%s is %s", async (code, fault, passing) => {
    const cause = Object.assign(new Error("x"), { code });
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("fetch failed", { cause }));
    try {
      await expect(open("registry.example").manifest("a")).rejects.toMatchObject({
        fault,
        passing,
      });
    } finally {
      vi.restoreAllMocks();
    }
  });

  test("nobody there: it may come back", async () => {
    const { address } = await serve(() => {}).then(async (server) => {
      await server[Symbol.asyncDispose]();
      return server;
    });
    await expect(open(address).manifest("a")).rejects.toMatchObject({
      fault: "unreachable",
      passing: true,
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  test("a connection that breaks: it may come back", async () => {
    await using server = await serve((request) => request.socket.resetAndDestroy());
    await expect(open(server.address).manifest("a")).rejects.toMatchObject({ passing: true });
  });

  test("one that speaks no TLS, where TLS is a must", async () => {
    const tcp = createTcpServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
    const { port } = tcp.address() as AddressInfo;
    const options = { credentials: null, access: "pull", signal } as const;
    const origin = `https://127.0.0.1:${port}`;
    try {
      await expect(
        openRepository("ghcr.io/org/app", { ...options, origin }).manifest("a"),
      ).rejects.toMatchObject({ fault: "untrusted", passing: false });
    } finally {
      tcp.close();
    }
  });
});

test("an abort ends a request with its own reason", async () => {
  await using server = await serve(() => {});
  const stop = new AbortController();
  const options = { credentials: null, access: "pull", signal: stop.signal } as const;
  const asking = openRepository(`${server.address}/a`, options).manifest("a");
  stop.abort(new Error("stopped by the test"));
  await expect(asking).rejects.toThrow("stopped by the test");
});

describe("permissions are named for each registry", () => {
  test.each([
    ["ghcr.io/org/app", 403, /packages: write.*Manage Actions access/s],
    ["ghcr.io/org/app", 401, /packages: write.*registry-username/s],
    ["123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", 403, /ecr:PutImage/],
    ["123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", 401, /configure-aws-credentials/],
  ])("%s with %i", async (image, status, message) => {
    await using server = await serve((request, response) => {
      response.writeHead(request.url === "/v2/" ? 200 : status).end();
    });
    const options = { credentials: null, access: "pull,push", signal } as const;
    const repository = openRepository(image, { ...options, origin: `http://${server.address}` });
    await expect(repository.manifest("a")).rejects.toMatchObject({
      message: expect.stringMatching(message),
    });
  });
});

const registry = await findRegistry();

describe.skipIf(registry === null)(needing("the lab's registry", "a real registry"), () => {
  const { address = "", user = "", password: secret = "", image = "" } = registry ?? {};
  const login: Credentials = { kind: "password", user, password: secret };
  const lab = (credentials: Credentials | null) =>
    openRepository(image, { credentials, access: "pull,push", signal });

  test("a tag is set without moving a layer", async () => {
    const repository = lab(login);
    const manifest = await repository.manifest("stable");
    if (manifest === null) throw new Error("the lab's image is gone");
    await repository.setTag("client-test", manifest);
    expect(await repository.digest("client-test")).toBe(manifest.digest);
    expect(repository.host).toBe(address);
  });

  test("without or with wrong credentials: unauthorized", async () => {
    for (const credentials of [null, password]) {
      await expect(lab(credentials).manifest("stable")).rejects.toMatchObject({
        fault: "unauthorized",
      });
    }
  });
});
