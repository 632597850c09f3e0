import { configKey, findCredentials } from "../registry/credentials.ts";
import { parseReference } from "../registry/reference.ts";
import { ReportedError } from "../sweep/errors.ts";

/** What an action was given to log in to registries with. */
export interface RegistryLogin {
  readonly actor: string;
  /** The job's GITHUB_TOKEN, which GHCR takes as a password; null: none. */
  readonly token: string | null;
  readonly username: string | null;
  readonly password: string | null;
}

/**
 * An environment in which engines find the credentials for an image: those given as inputs, else
 * what the docker config has, else the job's token for GHCR. Nothing is written to the docker
 * config, which other jobs on this runner would read.
 *
 * @throws ReportedError (2) for a username without a password, or the other way round.
 */
export async function withRegistryLogin(
  env: NodeJS.ProcessEnv,
  image: string | null,
  login: RegistryLogin,
): Promise<NodeJS.ProcessEnv> {
  const { actor, token, username, password } = login;
  if ((username === null) !== (password === null)) {
    const [given, lacking] =
      username === null
        ? ["registry-password", "registry-username"]
        : ["registry-username", "registry-password"];
    throw new ReportedError(2, `Input ${lacking}: it is required beside ${given}. Set both.`);
  }
  if (image === null) return env;
  const { registry } = parseReference(image);
  if (username !== null && password !== null) return withAuth(env, registry, username, password);
  if (registry !== "ghcr.io" || token === null) return env;
  const known = await findCredentials(registry, env);
  return known === null ? withAuth(env, registry, actor, token) : env;
}

/** DOCKER_AUTH_CONFIG is read before the docker config, so it has this one registry only. */
function withAuth(
  env: NodeJS.ProcessEnv,
  registry: string,
  user: string,
  password: string,
): NodeJS.ProcessEnv {
  const auth = Buffer.from(`${user}:${password}`).toString("base64");
  return {
    ...env,
    DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [configKey(registry)]: { auth } } }),
  };
}
