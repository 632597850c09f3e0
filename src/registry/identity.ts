import { createHash } from "node:crypto";

/** What of an image decides how a simulation runs in it. */
export interface ImageContent {
  /** The digests of the unpacked layers, lowest first. */
  readonly layers: readonly string[];
  readonly os: string;
  /** As Go names it: `amd64`, `arm64`. */
  readonly architecture: string;
  /** `v7` and the like; empty where there is none. */
  readonly variant: string;
  readonly config: {
    readonly env: readonly string[];
    readonly entrypoint: readonly string[];
    readonly cmd: readonly string[];
    readonly workdir: string;
    readonly user: string;
    readonly volumes: readonly string[];
  };
}

/**
 * `sha256:<hex>` of an image's content: the same whether it was pulled, built, loaded or only read
 * from a registry, and whatever Docker version holds it. (Image ids are not: newer Docker's are
 * digests of the compressed manifest.) Labels, history and dates are left out: they change with
 * every build, and no simulation sees them.
 */
export function imageIdentity(image: ImageContent): string {
  const { config } = image;
  const parts = [
    "image-1",
    image.layers,
    platformOf(image),
    config.env,
    config.entrypoint,
    config.cmd,
    config.workdir === "" ? "/" : config.workdir,
    config.user,
    [...config.volumes].sort(),
  ];
  return `sha256:${createHash("sha256").update(JSON.stringify(parts)).digest("hex")}`;
}

/** `os/arch[/variant]`; arm64 has only one variant, which some name and some do not. */
export function platformOf(image: Pick<ImageContent, "os" | "architecture" | "variant">): string {
  const { os, architecture, variant } = image;
  const named = variant !== "" && !(architecture === "arm64" && variant === "v8");
  return `${os}/${architecture}${named ? `/${variant}` : ""}`;
}
