import type { ImageIdentity } from "../engines/engine.ts";
import { openRepository } from "../registry/client.ts";
import { readImageContent } from "../registry/content.ts";
import { findCredentials } from "../registry/credentials.ts";
import { imageIdentity } from "../registry/identity.ts";
import { parseReference } from "../registry/reference.ts";
import { ReportedError } from "../sweep/errors.ts";
import type { Sweep } from "../sweep/sweep.ts";

/** A sweep with its image named by digest, so that every machine pulls the same. */
export interface PinnedImage {
  readonly sweep: Sweep;
  readonly identity: ImageIdentity;
}

/**
 * What a sweep's image is, read from its registry: for planning and resuming before any machine is
 * rented to pull it.
 *
 * @throws ReportedError (2) for a sweep without an image that a machine could pull, (3) where the
 *   registry does not have it, not for the platform, or cannot be asked.
 */
export async function pinImage(
  sweep: Sweep,
  platform: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<PinnedImage> {
  const { image } = sweep;
  if (image === null) {
    throw new ReportedError(
      2,
      `${sweep.file ?? sweep.name} names no image that a machine could pull.\n` +
        "Add `image:` and push it (`sim-pipeline build`), or build it on the machine with --build.",
    );
  }
  const { registry, repository, tag, digest } = parseReference(image);
  const credentials = await findCredentials(registry, env);
  const opened = openRepository(image, { credentials, access: "pull", signal });
  const reference = digest ?? tag ?? "latest";
  const pinned = digest ?? (await opened.digest(reference));
  const content = pinned === null ? null : await readImageContent(opened, pinned, platform);
  if (pinned === null || content === null) {
    throw new ReportedError(
      3,
      `${registry} has no image ${image}${pinned === null ? "" : ` for ${platform}`}.\n` +
        "Machines pull it from there: push it (`sim-pipeline build`), or build it on the machine " +
        "with --build. An image that only this computer has cannot be used on another.",
    );
  }
  const name = `${image.split("@")[0]}@${pinned}`;
  return {
    sweep: { ...sweep, image: `${repository}@${pinned}` },
    identity: { identity: imageIdentity(content), label: name },
  };
}
