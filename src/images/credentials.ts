import { type Credentials, findCredentials } from "../registry/credentials.ts";
import { ECR } from "../registry/faults.ts";
import type { Environment } from "./command.ts";
import { ecrCredentials } from "./ecr.ts";

/**
 * The credentials to push to and pull from a registry with, or null: those given for it
 * (DOCKER_AUTH_CONFIG) or in the docker config; else for ECR what AWS gives out; else for ghcr.io
 * GITHUB_TOKEN, of the user GITHUB_ACTOR.
 *
 * A login in the docker config goes before GITHUB_TOKEN because somebody made it on purpose.
 *
 * @throws ReportedError (3) where a config cannot be read, a helper fails or AWS refuses.
 */
export async function pushCredentials(
  registry: string,
  env: Environment,
  signal: AbortSignal,
): Promise<Credentials | null> {
  const found = await findCredentials(registry, env);
  if (found !== null) return found;
  const [, , region] = ECR.exec(registry) ?? [];
  if (region !== undefined) return await ecrCredentials(registry, region, signal);
  const token = env.GITHUB_TOKEN ?? "";
  if (registry !== "ghcr.io" || token === "") return null;
  return { kind: "password", user: env.GITHUB_ACTOR || "token", password: token };
}
