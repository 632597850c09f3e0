import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { withRegistryLogin } from "../../src/actions/registry-login.ts";
import { findCredentials } from "../../src/registry/credentials.ts";

const none = { actor: "ada", token: null, username: null, password: null };

/** An environment whose docker config has a login for these registries. */
function environment(...registries: string[]): NodeJS.ProcessEnv {
  const folder = mkdtempSync(join(tmpdir(), "sim-pipeline-login-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const auth = Buffer.from("docker:config").toString("base64");
  const auths = Object.fromEntries(registries.map((registry) => [registry, { auth }]));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ auths }));
  return { DOCKER_CONFIG: folder };
}

describe("the credentials for the registry of a sweep's image", () => {
  it.each<[string, string, Parameters<typeof withRegistryLogin>[2], string[], string | null]>([
    ["those given", "r.io/a/b", { ...none, username: "u", password: "p" }, ["r.io"], "u:p"],
    [
      "those given, for GHCR too",
      "ghcr.io/a/b",
      { ...none, token: "t", username: "u", password: "p" },
      [],
      "u:p",
    ],
    [
      "those given, for Docker Hub",
      "busybox",
      { ...none, username: "u", password: "p" },
      [],
      "u:p",
    ],
    ["the docker config's", "ghcr.io/a/b", { ...none, token: "t" }, ["ghcr.io"], "docker:config"],
    ["the job's token for GHCR", "ghcr.io/a/b", { ...none, token: "t" }, [], "ada:t"],
    ["none elsewhere: the token is GitHub's", "r.io/a/b", { ...none, token: "t" }, [], null],
    ["none without a token", "ghcr.io/a/b", none, [], null],
  ])("are %s", async (_which, image, login, config, expected) => {
    const env = await withRegistryLogin(environment(...config), image, login);
    const registry = image.includes("/") ? image.slice(0, image.indexOf("/")) : "docker.io";
    const found = await findCredentials(registry, env);
    const shown = found?.kind === "password" ? `${found.user}:${found.password}` : null;
    expect(shown).toBe(expected);
  });

  it("are not asked for where there is no image", async () => {
    const env = environment();
    expect(await withRegistryLogin(env, null, { ...none, token: "t" })).toBe(env);
  });

  it.each([
    ["registry-password", { ...none, username: "u" }],
    ["registry-username", { ...none, password: "p" }],
  ])("are refused without the input %s", async (lacking, login) => {
    await expect(withRegistryLogin({}, "r.io/a/b", login)).rejects.toThrow(`Input ${lacking}`);
  });
});
