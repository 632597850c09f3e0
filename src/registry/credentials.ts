import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { ReportedError } from "../sweep/errors.ts";

/** What a registry is told: a user and password, or a token in their place. */
export type Credentials =
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  | { readonly kind: "identity-token"; readonly token: string }
  | { readonly kind: "registry-token"; readonly token: string };

const authSchema = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});

const configSchema = z.object({
  auths: z.record(z.string(), authSchema).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
  currentContext: z.string().optional(),
});

/** The parts of the docker CLI's config.json that matter here. */
export type DockerConfig = z.infer<typeof configSchema>;

const helperSchema = z.object({ Username: z.string(), Secret: z.string() });

/** What a registry is called in docker configs, by credential helpers and by the daemon. */
export function configKey(registry: string): string {
  return registry === "docker.io" ? "https://index.docker.io/v1/" : registry;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** DOCKER_CONFIG, else `~/.docker`. */
export function dockerConfigFolder(env: Environment): string {
  return env.DOCKER_CONFIG || path.join(env.HOME || homedir(), ".docker");
}

/** The docker CLI's config; empty where there is none. Throws a ReportedError (3) for a broken one. */
export async function readDockerConfig(env: Environment): Promise<DockerConfig> {
  const file = path.join(dockerConfigFolder(env), "config.json");
  let content: string;
  try {
    content = await readFile(file, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return {};
    throw new ReportedError(3, `${file} cannot be read: correct its permissions.`, { cause });
  }
  return parseConfig(content, file);
}

/**
 * The credentials for a registry (a host, `docker.io` for Docker Hub), or null: from
 * DOCKER_AUTH_CONFIG (the content of a config.json, as the docker CLI and GitLab take it), else
 * from the docker config: its helper for this registry, its store, its own entries.
 * Throws a ReportedError (3) where a config cannot be read or a helper fails.
 */
export async function findCredentials(
  registry: string,
  env: Environment,
): Promise<Credentials | null> {
  const given = env.DOCKER_AUTH_CONFIG ?? "";
  if (given !== "") {
    const found = fromAuths(parseConfig(given, "DOCKER_AUTH_CONFIG"), registry);
    if (found !== null) return found;
  }
  const config = await readDockerConfig(env);
  const key = configKey(registry);
  const helper = config.credHelpers?.[key] ?? config.credHelpers?.[registry] ?? config.credsStore;
  if (helper !== undefined && helper !== "") {
    const found = await askHelper(helper, key, env);
    if (found !== null) return found;
  }
  return fromAuths(config, registry);
}

function parseConfig(content: string, name: string): DockerConfig {
  try {
    return configSchema.parse(JSON.parse(content));
  } catch {
    // Without the cause: it would quote the content, and the content is secret.
    throw new ReportedError(
      3,
      `${name} is not a docker config: it must be JSON like ` +
        `{"auths": {"ghcr.io": {"auth": "<base64 of user:password>"}}}. ` +
        "Log in again with `docker login`.",
    );
  }
}

function fromAuths(config: DockerConfig, registry: string): Credentials | null {
  for (const [key, auth] of Object.entries(config.auths ?? {})) {
    if (hostOf(key) !== registry) continue;
    const found = fromAuth(auth);
    if (found !== null) return found;
  }
  return null;
}

/** Keys are hosts, but older files have addresses, with a scheme and a path. */
function hostOf(key: string): string {
  const host = key.replace(/^https?:\/\//, "").split("/", 1)[0] ?? "";
  return ["index.docker.io", "registry-1.docker.io"].includes(host) ? "docker.io" : host;
}

function fromAuth(auth: z.infer<typeof authSchema>): Credentials | null {
  if (auth.identitytoken) return { kind: "identity-token", token: auth.identitytoken };
  if (auth.registrytoken) return { kind: "registry-token", token: auth.registrytoken };
  if (auth.username && auth.password !== undefined) {
    return { kind: "password", user: auth.username, password: auth.password };
  }
  const [user, ...password] = Buffer.from(auth.auth ?? "", "base64")
    .toString()
    .split(":");
  if (!user || password.length === 0) return null;
  // Some clients pad with NUL.
  return { kind: "password", user, password: password.join(":").replace(/\0+$/, "") };
}

/**
 * Asks `docker-credential-<helper> get`: the registry on stdin, JSON on stdout.
 * https://github.com/docker/docker-credential-helpers#development
 */
async function askHelper(
  helper: string,
  registry: string,
  env: Environment,
): Promise<Credentials | null> {
  const program = `docker-credential-${helper}`;
  const child = spawn(program, ["get"], { env: { ...env }, stdio: ["pipe", "pipe", "pipe"] });
  // A helper that ends before it has read everything is judged by its exit code.
  child.stdin.on("error", () => {});
  child.stdin.end(registry);
  let code: unknown;
  let output: string;
  let complaint: string;
  try {
    // stdout and stderr end with a failed start too.
    [[code], output, complaint] = await Promise.all([
      once(child, "close"),
      text(child.stdout),
      text(child.stderr),
    ]);
  } catch (cause) {
    throw new ReportedError(
      3,
      `The docker config names the credential helper ${program}, which cannot be run: install ` +
        "it, or take `credsStore` or `credHelpers` out of the config and `docker login` again.",
      { cause },
    );
  }
  if (code !== 0) {
    // The helpers' own protocol says so on stdout, with exit code 1.
    if (/credentials not found/i.test(output + complaint)) return null;
    throw new ReportedError(
      3,
      `The credential helper ${program} failed for ${registry} with exit code ${String(code)}: ` +
        `${(complaint || output).trim().slice(0, 300)}. Try it by hand: ` +
        `echo ${registry} | ${program} get`,
    );
  }
  try {
    const { Username, Secret } = helperSchema.parse(JSON.parse(output));
    if (Username === "<token>") return { kind: "identity-token", token: Secret };
    return Username === "" ? null : { kind: "password", user: Username, password: Secret };
  } catch {
    // Without the cause, which would quote what the helper said.
    throw new ReportedError(
      3,
      `The credential helper ${program} answered for ${registry} with something else than ` +
        'JSON like {"Username": "...", "Secret": "..."}.',
    );
  }
}
