import { openRepository } from "../registry/client.ts";
import { findCredentials } from "../registry/credentials.ts";
import { parseReference } from "../registry/reference.ts";
import { ReportedError } from "../sweep/errors.ts";

export type PinnedImage =
  /** `repository@sha256:…` */
  | { readonly kind: "pinned"; readonly image: string }
  /** The registry does not tell. */
  | { readonly kind: "unknown"; readonly why: string };

/** Asks the registry of an image for its digest, with the credentials that `env` leads to. */
export async function pinImage(
  image: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<PinnedImage> {
  const { registry, repository, tag, digest } = parseReference(image);
  if (digest !== null) return { kind: "pinned", image };
  try {
    const credentials = await findCredentials(registry, env);
    const opened = openRepository(image, { credentials, access: "pull", signal });
    const found = await opened.digest(tag ?? "latest");
    if (found !== null) return { kind: "pinned", image: `${repository}@${found}` };
    return { kind: "unknown", why: `${registry} has no image ${image}.` };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ReportedError)) throw error;
    return { kind: "unknown", why: error.message };
  }
}
