import { z } from "zod";
import type { Manifest, Repository } from "./client.ts";
import { registryError } from "./faults.ts";
import { type ImageContent, platformOf } from "./identity.ts";

const indexSchema = z.object({
  manifests: z.array(
    z.object({
      digest: z.string(),
      platform: z
        .object({ os: z.string(), architecture: z.string(), variant: z.string().default("") })
        .optional(),
    }),
  ),
});

const manifestSchema = z.object({ config: z.object({ digest: z.string() }) });

const words = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);
const word = z
  .string()
  .nullish()
  .transform((text) => text ?? "");

/** https://github.com/opencontainers/image-spec/blob/main/config.md */
const configSchema = z.object({
  os: z.string(),
  architecture: z.string(),
  variant: word,
  rootfs: z.object({ diff_ids: z.array(z.string()) }),
  config: z
    .object({
      Env: words,
      Entrypoint: words,
      Cmd: words,
      WorkingDir: word,
      User: word,
      Volumes: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
});

/**
 * What decides how a simulation runs in an image, read from its registry without a pull: as
 * `imageIdentity` takes it. `platform` as `linux/amd64`; null where the registry has no such image,
 * or not for this platform.
 *
 * @throws RegistryError, also for what is no container image.
 */
export async function readImageContent(
  repository: Repository,
  reference: string,
  platform: string,
): Promise<ImageContent | null> {
  const found = await repository.manifest(reference);
  if (found === null) return null;
  const index = indexSchema.safeParse(parse(found));
  const chosen = index.data?.manifests.find(
    (each) => each.platform !== undefined && platformOf(each.platform) === platform,
  );
  if (index.success && chosen === undefined) return null;
  const manifest = chosen === undefined ? found : await repository.manifest(chosen.digest);
  if (manifest === null) return null;
  const blob = manifestSchema.safeParse(parse(manifest)).data?.config.digest;
  const image = configSchema.safeParse(
    blob === undefined ? null : await repository.json(blob),
  ).data;
  if (image === undefined) {
    const { host } = repository;
    const action = `Cannot read ${reference} on ${host}`;
    throw registryError("refused", { host, action, said: "it is no container image" });
  }
  if (platformOf(image) !== platform) return null;
  return {
    layers: image.rootfs.diff_ids,
    os: image.os,
    architecture: image.architecture,
    variant: image.variant,
    config: {
      env: image.config?.Env ?? [],
      entrypoint: image.config?.Entrypoint ?? [],
      cmd: image.config?.Cmd ?? [],
      workdir: image.config?.WorkingDir ?? "",
      user: image.config?.User ?? "",
      volumes: Object.keys(image.config?.Volumes ?? {}),
    },
  };
}

function parse({ bytes }: Manifest): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}
