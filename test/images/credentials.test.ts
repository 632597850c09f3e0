import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { pushCredentials } from "../../src/images/credentials.ts";
import { serve } from "../registry/server.ts";

const never = new AbortController().signal;
const base64 = (text: string) => Buffer.from(text).toString("base64");
const nowhere = { DOCKER_CONFIG: "/nowhere" };
const find = (registry: string, env: Record<string, string> = {}) =>
  pushCredentials(registry, { ...nowhere, ...env }, never);

describe("credentials to push with", () => {
  test("of ghcr.io are the job's token, under the actor's name", async () => {
    expect(await find("ghcr.io", { GITHUB_TOKEN: "t", GITHUB_ACTOR: "me" })).toEqual({
      kind: "password",
      user: "me",
      password: "t",
    });
  });

  test("of ghcr.io are first those that somebody gave for it", async () => {
    const auths = { "ghcr.io": { auth: base64("you:own") } };
    const given = { GITHUB_TOKEN: "t", DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) };
    expect(await find("ghcr.io", given)).toMatchObject({ user: "you", password: "own" });
  });

  test("the job's token goes to no other registry", async () => {
    for (const registry of ["docker.io", "quay.io", "ghcr.io.example.com", "127.0.0.1:5001"]) {
      expect(await find(registry, { GITHUB_TOKEN: "t" })).toBeNull();
    }
    expect(await find("ghcr.io", { GITHUB_TOKEN: "" })).toBeNull();
  });
});

describe("credentials of ECR", () => {
  const registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
  beforeEach(() => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "id");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "key");
    vi.stubEnv("AWS_SESSION_TOKEN", undefined);
    vi.stubEnv("AWS_MAX_ATTEMPTS", "1");
  });
  afterEach(() => vi.unstubAllEnvs());

  /** AWS's API, which answers with this. */
  const aws = async (status: number, answer: unknown) => {
    const server = await serve((request, response) => {
      request.resume();
      const type = { "content-type": "application/x-amz-json-1.1" };
      request.on("end", () => response.writeHead(status, type).end(JSON.stringify(answer)));
    });
    vi.stubEnv("AWS_ENDPOINT_URL_ECR", `http://${server.address}`);
    return server;
  };

  test("are what AWS gives out", async () => {
    const data = [{ authorizationToken: base64("AWS:pass:word") }];
    await using server = await aws(200, { authorizationData: data });
    expect(await find(registry)).toEqual({ kind: "password", user: "AWS", password: "pass:word" });
    expect(server.asked).toHaveLength(1);
  });

  test("that AWS refuses: exit 3 with what to set", async () => {
    await using _server = await aws(400, { __type: "AccessDeniedException", message: "hush" });
    const failed = await find(registry).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      exitCode: 3,
      fault: "unauthorized",
      message: expect.stringMatching(/AccessDeniedException.*configure-aws-credentials/s),
    });
    expect(String(failed)).not.toContain("hush");
  });

  test("an answer without a token: exit 3", async () => {
    await using _server = await aws(200, {});
    await expect(find(registry)).rejects.toMatchObject({ exitCode: 3 });
  });
});
