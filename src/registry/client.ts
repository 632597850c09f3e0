import { createHash } from "node:crypto";
import type { Credentials } from "./credentials.ts";
import { logIn } from "./login.ts";
import { parseReference } from "./reference.ts";
import { originOf, transport } from "./transport.ts";

/** A manifest as the registry has it, byte by byte: its digest is the hash of these bytes. */
export interface Manifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One repository of a registry. Every method throws RegistryError. */
export interface Repository {
  /** As an image reference begins. */
  readonly host: string;
  /** Logs in anew, which throws where the registry cannot be asked or does not let us in. */
  logIn(): Promise<void>;
  /** The manifest, or index of manifests, of a tag or digest; null where there is none. */
  manifest(reference: string): Promise<Manifest | null>;
  /** Only its digest, which costs no rate limit of Docker Hub. */
  digest(reference: string): Promise<string | null>;
  /** Lets a tag name a manifest whose parts are in this repository already. */
  setTag(tag: string, manifest: Manifest): Promise<void>;
  /** A blob of JSON, as an image's config is. */
  json(digest: string): Promise<unknown>;
}

export interface ClientOptions {
  readonly credentials: Credentials | null;
  readonly access: "pull" | "pull,push";
  readonly signal: AbortSignal;
  /** Another server that has the same, as a mirror: its scheme and host. */
  readonly origin?: string;
}

const MANIFESTS = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/**
 * Opens the repository of an image reference by the API that registries have in common:
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 * Nothing is asked before the first call.
 */
export function openRepository(reference: string, options: ClientOptions): Repository {
  const { registry: host, repository } = parseReference(reference);
  const path = repositoryPath(host, repository);
  const origin = options.origin ?? originOf(host);
  const registry = transport({ host, origin }, `Cannot reach ${host}/${path}`, options.signal);
  let authorization: string | null | undefined;

  async function ask(method: string, place: string, init: RequestInit = {}): Promise<Response> {
    const send = async (): Promise<Response> => {
      if (authorization === undefined) authorization = await logIn(registry, { ...options, path });
      const headers = new Headers(init.headers);
      if (authorization !== null) headers.set("authorization", authorization);
      const url = `${registry.origin}/v2/${path}/${place}`;
      return await registry.send(url, { ...init, method, headers });
    };
    const isOld = (authorization ?? null) !== null;
    const answer = await send();
    if (answer.status !== 401 || !isOld) return answer;
    // A token lasts for some minutes, a build between two requests longer.
    await answer.body?.cancel();
    authorization = undefined;
    return await send();
  }

  async function manifest(name: string): Promise<Manifest | null> {
    const answer = await ask("GET", `manifests/${name}`, { headers: { accept: MANIFESTS } });
    if (answer.status === 404) return await absent(answer);
    if (!answer.ok) throw await registry.refusal(answer);
    const bytes = await registry.bytes(answer);
    return {
      digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
      mediaType: answer.headers.get("content-type") ?? "application/json",
      bytes,
    };
  }

  return {
    host,
    logIn: async () => {
      authorization = await logIn(registry, { ...options, path });
    },
    manifest,
    digest: async (name) => {
      const answer = await ask("HEAD", `manifests/${name}`, { headers: { accept: MANIFESTS } });
      if (answer.status === 404) return await absent(answer);
      if (!answer.ok) throw await registry.refusal(answer);
      const digest = answer.headers.get("docker-content-digest");
      return digest ?? (await manifest(name))?.digest ?? null;
    },
    setTag: async (tag, { mediaType, bytes }) => {
      const headers = { "content-type": mediaType };
      const answer = await ask("PUT", `manifests/${tag}`, { headers, body: bytes });
      if (!answer.ok) throw await registry.refusal(answer, `setting the tag ${tag}: `);
      await answer.body?.cancel();
    },
    json: async (digest) => {
      const answer = await ask("GET", `blobs/${digest}`);
      if (!answer.ok) throw await registry.refusal(answer);
      return await registry.json(answer);
    },
  };
}

async function absent(answer: Response): Promise<null> {
  await answer.body?.cancel();
  return null;
}

/** The path of a repository in its registry; Docker Hub's own images are under `library`. */
function repositoryPath(host: string, repository: string): string {
  const path = repository.startsWith(`${host}/`) ? repository.slice(host.length + 1) : repository;
  return host === "docker.io" && !path.includes("/") ? `library/${path}` : path;
}
