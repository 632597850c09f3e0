import { rmSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import {
  type Credentials,
  configKey,
  dockerConfigFolder,
  readDockerConfig,
} from "../registry/credentials.ts";
import { type Environment, withoutSecrets } from "./command.ts";

/** An environment for the docker CLI, with a config of its own until it is disposed of. */
export interface DockerSession extends AsyncDisposable {
  readonly env: Environment;
}

/**
 * Makes a config folder for the docker CLI that holds these logins and no others. Whatever else
 * the user's config says stays: contexts, plugins, builders, proxies. Only we can read the folder,
 * and it is gone when the session or this process ends.
 */
export async function openDockerSession(
  env: Environment,
  logins: ReadonlyMap<string, Credentials>,
): Promise<DockerSession> {
  const real = dockerConfigFolder(env);
  const { auths: _a, credsStore: _s, credHelpers: _h, ...kept } = await rawConfig(env, real);
  const plugins = path.join(real, "cli-plugins");
  const extra = z.array(z.string()).catch([]).parse(kept.cliPluginsExtraDirs);
  const config = {
    ...kept,
    auths: Object.fromEntries([...logins].map(([host, login]) => [configKey(host), authOf(login)])),
    cliPluginsExtraDirs: [...((await exists(plugins)) ? [plugins] : []), ...extra],
  };

  // mkdtemp gives it to us alone. RUNNER_TEMP is emptied after a job, whatever happens to us.
  const folder = await mkdtemp(path.join(env.RUNNER_TEMP || tmpdir(), "sim-pipeline-docker-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  const session: DockerSession = {
    env: {
      ...withoutSecrets(env),
      DOCKER_CONFIG: folder,
      BUILDX_CONFIG: env.BUILDX_CONFIG || path.join(real, "buildx"),
      // The CLI looks for certificates in its config folder, which is now another one.
      ...(env.DOCKER_TLS_VERIFY && !env.DOCKER_CERT_PATH ? { DOCKER_CERT_PATH: real } : {}),
      BUILDKIT_PROGRESS: "plain",
    },
    [Symbol.asyncDispose]: async () => {
      await rm(folder, { recursive: true, force: true });
      process.off("exit", remove);
    },
  };
  try {
    const contexts = path.join(real, "contexts");
    if (await exists(contexts)) await symlink(contexts, path.join(folder, "contexts"));
    await writeFile(path.join(folder, "config.json"), JSON.stringify(config), { mode: 0o600 });
    return session;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

/** The whole config, also what we know nothing of. Broken ones were refused before. */
async function rawConfig(env: Environment, folder: string): Promise<Record<string, unknown>> {
  await readDockerConfig(env);
  try {
    const text = await readFile(path.join(folder, "config.json"), "utf8");
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null)) !== null;
}

function authOf(login: Credentials): Record<string, string> {
  switch (login.kind) {
    case "password":
      return { auth: Buffer.from(`${login.user}:${login.password}`).toString("base64") };
    case "identity-token":
      // A user is needed for the CLI to look at the token at all.
      return {
        auth: Buffer.from("00000000-0000-0000-0000-000000000000:").toString("base64"),
        identitytoken: login.token,
      };
    case "registry-token":
      return { registrytoken: login.token };
  }
}
