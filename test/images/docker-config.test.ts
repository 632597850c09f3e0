import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDockerSession } from "../../src/images/docker-config.ts";
import type { Credentials } from "../../src/registry/credentials.ts";

let folder: string;
let env: Record<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sim-docker-config-"));
  const config = join(folder, "real");
  mkdirSync(join(folder, "temp"));
  mkdirSync(config);
  env = { DOCKER_CONFIG: config, RUNNER_TEMP: join(folder, "temp"), GITHUB_TOKEN: "hush" };
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (content: unknown) =>
  writeFileSync(join(folder, "real", "config.json"), JSON.stringify(content));
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** The config that the docker CLI sees. */
async function seen(logins: readonly [string, Credentials][] = []) {
  await using session = await openDockerSession(env, new Map(logins));
  const path = session.env.DOCKER_CONFIG ?? "";
  const contexts = join(path, "contexts");
  return {
    path,
    env: session.env,
    mode: statSync(path).mode & 0o777,
    fileMode: statSync(join(path, "config.json")).mode & 0o777,
    contexts:
      existsSync(contexts) && lstatSync(contexts).isSymbolicLink() ? readlinkSync(contexts) : null,
    config: JSON.parse(readFileSync(join(path, "config.json"), "utf8")),
  };
}

describe("the docker CLI's config during a build", () => {
  test("has the logins of this build and no others, also not the user's store", async () => {
    put({
      auths: { "quay.io": { auth: base64("a:b") } },
      credsStore: "x",
      credHelpers: { y: "z" },
    });
    const { config } = await seen([
      ["ghcr.io", { kind: "password", user: "me", password: "hush:hush" }],
      ["docker.io", { kind: "registry-token", token: "t" }],
      ["x.azurecr.io", { kind: "identity-token", token: "id" }],
    ]);
    expect(config).toEqual({
      auths: {
        "ghcr.io": { auth: base64("me:hush:hush") },
        "https://index.docker.io/v1/": { registrytoken: "t" },
        "x.azurecr.io": { auth: expect.any(String), identitytoken: "id" },
      },
      cliPluginsExtraDirs: [],
    });
  });

  test("keeps what else the user's says: proxies, contexts, plugins, builders", async () => {
    put({ proxies: { default: {} }, currentContext: "far", cliPluginsExtraDirs: ["/own"] });
    mkdirSync(join(folder, "real", "contexts"));
    mkdirSync(join(folder, "real", "cli-plugins"));
    const { config, contexts, env: inside } = await seen();
    expect(config).toMatchObject({
      proxies: { default: {} },
      currentContext: "far",
      cliPluginsExtraDirs: [join(folder, "real", "cli-plugins"), "/own"],
    });
    expect(contexts).toBe(join(folder, "real", "contexts"));
    expect(inside.BUILDX_CONFIG).toBe(join(folder, "real", "buildx"));
    expect(inside).not.toHaveProperty("GITHUB_TOKEN");
  });

  test("finds the certificates where they were", async () => {
    env.DOCKER_TLS_VERIFY = "1";
    expect((await seen()).env.DOCKER_CERT_PATH).toBe(env.DOCKER_CONFIG);
    env.DOCKER_CERT_PATH = "/certs";
    expect((await seen()).env.DOCKER_CERT_PATH).toBe("/certs");
  });

  test("is for us alone, in the job's own folder, and gone afterwards", async () => {
    const { path, mode, fileMode } = await seen();
    expect({ mode, fileMode }).toEqual({ mode: 0o700, fileMode: 0o600 });
    expect(path.startsWith(join(folder, "temp"))).toBe(true);
    expect(existsSync(path)).toBe(false);
  });

  test("a broken config of the user's: exit 3, and nothing is left", async () => {
    writeFileSync(join(folder, "real", "config.json"), "hush {");
    const failed = await seen().catch((error: unknown) => error);
    expect(failed).toMatchObject({ exitCode: 3 });
    expect(String(failed)).not.toContain("hush");
  });
});
