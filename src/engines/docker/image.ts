import { z } from "zod";
import { type Credentials, configKey, findCredentials } from "../../registry/credentials.ts";
import { type ImageContent, imageIdentity, platformOf } from "../../registry/identity.ts";
import { parseReference } from "../../registry/reference.ts";
import { ReportedError } from "../../sweep/errors.ts";
import type { Sweep } from "../../sweep/sweep.ts";
import type { ImageIdentity } from "../engine.ts";
import type { Connection, Environment } from "./connect.ts";
import { explain, isLost, statusOf, unreachable, wordsOf } from "./errors.ts";
import { jsonLines, readable } from "./streams.ts";

/** The image of a sweep, pinned: a tag that moves while the run is under way changes nothing. */
export interface PreparedImage {
  readonly id: string;
  /** As the sweep names it. */
  readonly reference: string;
  readonly content: ImageContent;
  readonly identity: ImageIdentity;
}

/** Docker versions leave out what is empty, or write null, or an empty list. */
const words = z
  .union([z.string().transform((one) => [one]), z.array(z.string())])
  .nullish()
  .transform((list) => list ?? []);

const inspectSchema = z.object({
  Id: z.string(),
  RepoDigests: z.array(z.string()).nullish(),
  Os: z.string(),
  Architecture: z.string(),
  Variant: z.string().nullish(),
  RootFS: z.object({ Layers: z.array(z.string()).nullish() }),
  Config: z
    .object({
      Env: words,
      Entrypoint: words,
      Cmd: words,
      WorkingDir: z.string().nullish(),
      User: z.string().nullish(),
      Volumes: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
});

const progressSchema = z.object({ error: z.string().optional() });

/** The image that a sweep runs, or is built as where the sweep only says how to build one. */
export function imageReference(sweep: Sweep): string {
  if (sweep.image !== null) return sweep.image;
  if (sweep.build !== null) return localImage(sweep);
  throw new ReportedError(
    2,
    `The sweep ${sweep.name} names no image for the docker engine: add \`image:\`, or ` +
      "`build:` with a Dockerfile, or run it with `--engine process`.",
  );
}

/** A component of a name is lower-case letters and digits with single separators between. */
function localImage(sweep: Sweep): string {
  const name = sweep.name.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
  return `sim-pipeline/${name === "" ? "sweep" : name}`;
}

/**
 * Finds the sweep's image in the daemon, or pulls it, and pins it.
 * Throws ReportedError: 2 where the sweep names none or a malformed one, 3 where it cannot be had.
 */
export async function prepareImage(
  connection: Connection,
  sweep: Sweep,
  env: Environment,
  signal: AbortSignal,
): Promise<PreparedImage> {
  const reference = imageReference(sweep);
  if (!/^[\w.\-/:@]+$/.test(reference)) {
    throw new ReportedError(2, `${JSON.stringify(reference)} is not the name of an image.`);
  }
  let image = await inspectImage(connection, reference);
  if (image === null && sweep.image === null) {
    throw new ReportedError(
      3,
      `The sweep's image has not been built yet: run it with \`--build\`, which builds ` +
        `${reference} from ${sweep.build?.context ?? "."} first.`,
    );
  }
  if (image === null || !fits(image.content, sweep.platform)) {
    const before = image;
    try {
      await pull(connection, sweep, reference, env, signal);
    } catch (error) {
      if (before === null || signal.aborted) throw error;
      throw wrongPlatform(reference, before.content, sweep.platform, error);
    }
    image = await inspectImage(connection, reference);
    if (image === null) {
      throw new ReportedError(3, `The Docker daemon pulled ${reference} and does not have it.`);
    }
  }
  if (!fits(image.content, sweep.platform)) {
    throw wrongPlatform(reference, image.content, sweep.platform);
  }
  return image;
}

async function inspectImage(
  connection: Connection,
  reference: string,
): Promise<PreparedImage | null> {
  let answer: unknown;
  try {
    answer = await connection.docker.getImage(reference).inspect();
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw isLost(error) ? unreachable(error, connection.host) : explain(error, connection.host);
  }
  const image = inspectSchema.parse(answer);
  const content: ImageContent = {
    layers: image.RootFS.Layers ?? [],
    os: image.Os,
    architecture: image.Architecture,
    variant: image.Variant ?? "",
    config: {
      env: image.Config?.Env ?? [],
      entrypoint: image.Config?.Entrypoint ?? [],
      cmd: image.Config?.Cmd ?? [],
      workdir: image.Config?.WorkingDir ?? "",
      user: image.Config?.User ?? "",
      volumes: Object.keys(image.Config?.Volumes ?? {}),
    },
  };
  const { repository } = parseReference(reference);
  const pulled = image.RepoDigests?.find((digest) => digest.startsWith(`${repository}@`));
  const label =
    pulled === undefined
      ? `${reference} (${image.Id.slice(0, "sha256:".length + 12)})`
      : `${reference.split("@")[0]}@${pulled.split("@")[1]}`;
  return {
    id: image.Id,
    reference,
    content,
    identity: { identity: imageIdentity(content), label },
  };
}

function fits(image: ImageContent, platform: string | null): boolean {
  if (platform === null) return true;
  const [os = "", architecture = "", variant = ""] = platform.split("/");
  const wanted = platformOf({ os, architecture, variant });
  return wanted === platformOf(image) || wanted === `${image.os}/${image.architecture}`;
}

async function pull(
  connection: Connection,
  sweep: Sweep,
  reference: string,
  env: Environment,
  signal: AbortSignal,
): Promise<void> {
  const { registry, repository, tag, digest } = parseReference(reference);
  let credentials: Credentials | null = null;
  let refusal: unknown = null;
  try {
    credentials = await findCredentials(registry, env);
  } catch (error) {
    // Public images need none: a broken helper matters only where the registry wants to know us.
    refusal = error;
  }
  try {
    const progress = await connection.docker.createImage({
      fromImage: repository,
      tag: digest ?? tag ?? "latest",
      ...(sweep.platform === null ? {} : { platform: sweep.platform }),
      ...(credentials === null ? {} : { authconfig: authconfig(credentials, registry) }),
      abortSignal: signal,
    });
    await followProgress(progress);
  } catch (error) {
    signal.throwIfAborted();
    if (isLost(error)) throw unreachable(error, connection.host);
    throw pullFailed(error, { reference, registry, sweep, credentials, refusal });
  }
}

/** What the daemon's `X-Registry-Auth` header holds. */
function authconfig(credentials: Credentials, registry: string) {
  const serveraddress = configKey(registry);
  switch (credentials.kind) {
    case "password":
      return { username: credentials.user, password: credentials.password, serveraddress };
    case "identity-token":
      return { identitytoken: credentials.token, serveraddress };
    case "registry-token":
      return { registrytoken: credentials.token, serveraddress };
  }
}

/** Once it has begun, a pull tells its errors in the stream of its progress, a JSON a line. */
async function followProgress(progress: NodeJS.ReadableStream): Promise<void> {
  for await (const message of jsonLines(readable(progress))) {
    const { error } = progressSchema.parse(message);
    if (error !== undefined) throw new Error(error);
  }
}

interface Pull {
  readonly reference: string;
  readonly registry: string;
  readonly sweep: Sweep;
  readonly credentials: Credentials | null;
  readonly refusal: unknown;
}

function pullFailed(error: unknown, pull: Pull): ReportedError {
  const { reference, registry, sweep } = pull;
  const said = wordsOf(error);
  const fail = (remedy: string): ReportedError =>
    new ReportedError(3, `The image ${reference} cannot be pulled: ${said}\n${remedy}`, {
      cause: error,
    });
  const login = `\`docker login${registry === "docker.io" ? "" : ` ${registry}`}\``;
  const build = sweep.build === null ? "" : " Or build it here: run with `--build`.";

  if (/no space left on device/i.test(said)) {
    return fail("The daemon's disk is full: free space with `docker system prune`.");
  }
  if (/no matching manifest|does not match the specified platform/i.test(said)) {
    return fail(
      `The image does not exist for ${sweep.platform ?? "this daemon's platform"}: set ` +
        "`platform` to one that it exists for, or build it for this one.",
    );
  }
  if (/toomanyrequests|rate limit/i.test(said)) {
    return fail(`The registry limits anonymous pulls: log in with ${login}, or wait.`);
  }
  if (/pull access denied/i.test(said)) {
    return fail(
      `Check the image's name; where it is right and the image is private, log in with ` +
        `${login}.${build}`,
    );
  }
  if (/unauthorized|denied|no basic auth|authentication required|forbidden/i.test(said)) {
    if (pull.refusal instanceof ReportedError) return fail(pull.refusal.message);
    return fail(
      pull.credentials === null
        ? `${registry} wants credentials and none were found: log in with ${login}, or set ` +
            "DOCKER_AUTH_CONFIG."
        : `${registry} refuses the credentials found for it, or they do not reach this image: ` +
            `log in again with ${login}.`,
    );
  }
  if (/manifest unknown|not found|name unknown|does not exist/i.test(said)) {
    return fail(`Check the image's name and tag.${build}`);
  }
  if (/dial tcp|no such host|timeout|TLS handshake|x509|HTTPS client|EOF|reset/i.test(said)) {
    return fail(
      `The Docker daemon cannot reach ${registry}: check its network, proxy and certificates. ` +
        `An image that is already there (\`docker load\`) needs no registry.${build}`,
    );
  }
  return fail("Try it by hand with `docker pull`.");
}

function wrongPlatform(
  reference: string,
  image: ImageContent,
  platform: string | null,
  cause?: unknown,
): ReportedError {
  return new ReportedError(
    3,
    `The image ${reference} is for ${platformOf(image)}, and the sweep wants ${platform}` +
      `${cause === undefined ? "" : `, for which it cannot be pulled: ${wordsOf(cause)}`}\n` +
      "Set `platform` to one that the image exists for, or build the image for this one.",
    { cause },
  );
}
