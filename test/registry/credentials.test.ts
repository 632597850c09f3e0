import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findCredentials } from "../../src/registry/credentials.ts";

let folder: string;
let env: Record<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sim-credentials-"));
  mkdirSync(join(folder, "bin"));
  env = { DOCKER_CONFIG: folder, PATH: `${join(folder, "bin")}:${process.env.PATH}` };
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function config(content: unknown): void {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  writeFileSync(join(folder, "config.json"), text);
}

/** A credential helper that is this shell script; the registry is in $registry. */
function helper(name: string, script: string): void {
  const file = join(folder, "bin", `docker-credential-${name}`);
  writeFileSync(file, `#!/bin/sh\n[ "$1" = get ] || exit 9\nregistry=$(cat)\n${script}\n`);
  chmodSync(file, 0o755);
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
const password = (user: string, secret: string) => ({ kind: "password", user, password: secret });

describe("from the docker config's own entries", () => {
  test.each<[string, unknown, string, unknown]>([
    [
      "user and password in base64",
      { "ghcr.io": { auth: base64("me:s3:cret") } },
      "ghcr.io",
      password("me", "s3:cret"),
    ],
    [
      "user and password as they are",
      { "ghcr.io": { username: "me", password: "x" } },
      "ghcr.io",
      password("me", "x"),
    ],
    ["a port", { "127.0.0.1:5001": { auth: base64("a:b") } }, "127.0.0.1:5001", password("a", "b")],
    [
      "an address as key",
      { "https://ghcr.io/v2/": { auth: base64("a:b") } },
      "ghcr.io",
      password("a", "b"),
    ],
    [
      "Docker Hub",
      { "https://index.docker.io/v1/": { auth: base64("a:b") } },
      "docker.io",
      password("a", "b"),
    ],
    [
      "an identity token",
      { "x.io": { identitytoken: "t" } },
      "x.io",
      { kind: "identity-token", token: "t" },
    ],
    [
      "a registry token",
      { "x.io": { registrytoken: "t" } },
      "x.io",
      { kind: "registry-token", token: "t" },
    ],
    ["another registry's", { "ghcr.io": { auth: base64("a:b") } }, "quay.io", null],
    [
      "a registry whose name ends the same",
      { "evil-ghcr.io": { auth: base64("a:b") } },
      "ghcr.io",
      null,
    ],
    ["an empty entry, as a store leaves behind", { "ghcr.io": {} }, "ghcr.io", null],
    [
      "an entry that is no user:password",
      { "ghcr.io": { auth: base64("nonsense") } },
      "ghcr.io",
      null,
    ],
  ])("%s", async (_, auths, registry, expected) => {
    config({ auths });
    expect(await findCredentials(registry, env)).toEqual(expected);
  });

  test("no config, no credentials", async () => {
    expect(await findCredentials("ghcr.io", env)).toBeNull();
  });

  test("HOME/.docker is where it lies by default", async () => {
    mkdirSync(join(folder, ".docker"));
    writeFileSync(
      join(folder, ".docker", "config.json"),
      JSON.stringify({ auths: { "ghcr.io": { auth: base64("a:b") } } }),
    );
    expect(await findCredentials("ghcr.io", { HOME: folder })).toEqual(password("a", "b"));
  });
});

describe("from credential helpers", () => {
  test("the store is asked with the registry on stdin", async () => {
    config({ credsStore: "fake", auths: { "ghcr.io": {} } });
    helper(
      "fake",
      `printf '{"ServerURL":"%s","Username":"me","Secret":"for %s"}' "$registry" "$registry"`,
    );
    expect(await findCredentials("ghcr.io", env)).toEqual(password("me", "for ghcr.io"));
  });

  test("Docker Hub is asked for by its old address", async () => {
    config({ credsStore: "fake" });
    helper("fake", `printf '{"Username":"me","Secret":"%s"}' "$registry"`);
    expect(await findCredentials("docker.io", env)).toEqual(
      password("me", "https://index.docker.io/v1/"),
    );
  });

  test("a registry's own helper goes before the store", async () => {
    config({ credsStore: "store", credHelpers: { "ghcr.io": "own" } });
    helper("store", "exit 7");
    helper("own", `echo '{"Username":"own","Secret":"x"}'`);
    expect(await findCredentials("ghcr.io", env)).toEqual(password("own", "x"));
  });

  test("the user <token> means an identity token", async () => {
    config({ credsStore: "fake" });
    helper("fake", `echo '{"Username":"<token>","Secret":"t"}'`);
    expect(await findCredentials("ghcr.io", env)).toEqual({ kind: "identity-token", token: "t" });
  });

  test("what a helper does not have, the config's own entry may", async () => {
    config({ credsStore: "fake", auths: { "ghcr.io": { auth: base64("a:b") } } });
    helper("fake", "echo 'credentials not found in native keychain'; exit 1");
    expect(await findCredentials("ghcr.io", env)).toEqual(password("a", "b"));
  });

  test("a helper that fails: exit 3 with what it said", async () => {
    config({ credsStore: "fake" });
    helper("fake", "echo 'the keychain is locked' >&2; exit 2");
    await expect(findCredentials("ghcr.io", env)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("the keychain is locked"),
    });
  });

  test("a helper that is not installed: exit 3 with its name", async () => {
    config({ credsStore: "absent" });
    await expect(findCredentials("ghcr.io", env)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("docker-credential-absent"),
    });
  });

  test("a helper that talks nonsense: exit 3, without quoting what may be secret", async () => {
    config({ credsStore: "fake" });
    helper("fake", "echo hush-hush");
    const failed = await findCredentials("ghcr.io", env).catch((error: unknown) => error);
    expect(failed).toMatchObject({ exitCode: 3 });
    expect(JSON.stringify(failed) + String(failed)).not.toContain("hush");
  });
});

describe("from the environment", () => {
  test("DOCKER_AUTH_CONFIG goes before the config", async () => {
    config({ auths: { "ghcr.io": { auth: base64("file:x") } } });
    const given = JSON.stringify({ auths: { "ghcr.io": { auth: base64("env:x") } } });
    expect(await findCredentials("ghcr.io", { ...env, DOCKER_AUTH_CONFIG: given })).toEqual(
      password("env", "x"),
    );
  });

  test("a registry that it does not name is looked for in the config", async () => {
    config({ auths: { "quay.io": { auth: base64("file:x") } } });
    const given = JSON.stringify({ auths: { "ghcr.io": { auth: base64("env:x") } } });
    expect(await findCredentials("quay.io", { ...env, DOCKER_AUTH_CONFIG: given })).toEqual(
      password("file", "x"),
    );
  });
});

describe("a config that cannot be read: exit 3, without quoting it", () => {
  test.each([
    ["no JSON", "hush-hush {"],
    ["of another shape", { auths: { "ghcr.io": "hush-hush" } }],
  ])("%s", async (_, content) => {
    config(content);
    const failed = await findCredentials("ghcr.io", env).catch((error: unknown) => error);
    expect(failed).toMatchObject({ exitCode: 3, message: expect.stringContaining(folder) });
    expect(String(failed)).not.toContain("hush");
    expect(failed).not.toHaveProperty("cause");
  });

  test("in DOCKER_AUTH_CONFIG", async () => {
    await expect(
      findCredentials("ghcr.io", { ...env, DOCKER_AUTH_CONFIG: "{" }),
    ).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("DOCKER_AUTH_CONFIG"),
    });
  });
});
