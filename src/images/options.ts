import { readFile } from "node:fs/promises";
import path from "node:path";
import { ReportedError } from "../sweep/errors.ts";
import type { Environment } from "./command.ts";
import { isFile } from "./context.ts";
import { imagesOf } from "./dockerfile.ts";
import { checkImage, checkTags } from "./names.ts";
import type { Wait } from "./retry.ts";
import type { Source } from "./source.ts";

export interface ImageOptions {
  /** Absolute path of the folder with the Dockerfile. */
  readonly context: string;
  /** The image's name without a tag, as `ghcr.io/org/app`; written in lower case. */
  readonly image: string;
  /** At least one. */
  readonly tags: readonly string[];
  /** A stage of the Dockerfile that has to build before anything is pushed. */
  readonly testTarget: string | null;
  /** Commands for bash that have to succeed in the context's folder before anything is pushed. */
  readonly test: string | null;
  readonly lint: string | null;
  /** As `linux/arm64`; empty: the builder's own. */
  readonly platforms: readonly string[];
  readonly buildArgs: ReadonlyMap<string, string>;
  /** By the id that the Dockerfile mounts; only their names are part of the content. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Layers from and to the registry; null: where the builder can, when pushing. */
  readonly cache: boolean | null;
  readonly push: boolean;
  /** False for a stranger's pull request: no push, no cache write, no secrets, no credentials. */
  readonly trusted: boolean;
  readonly source: Pick<Source, "url" | "revision" | "created">;
  /** Names the daemon and has the registries' credentials, as `pushCredentials` finds them. */
  readonly env: Environment;
  /** How pauses between attempts are waited for; tests do not wait. */
  readonly wait?: Wait;
}

/** `os/arch[/variant]`, the architectures as Go names them: https://go.dev/doc/install/source#environment */
const PLATFORM =
  /^(linux|windows|darwin|freebsd|wasi)\/(386|amd64|arm|arm64|loong64|mips(64)?(le)?|ppc64(le)?|riscv64|s390x|wasm)(\/v\d+)?$/;

/** What the options and the Dockerfile come to. Throws a ReportedError (2) for what is wrong. */
export async function checkOptions(options: ImageOptions): Promise<{
  readonly image: string;
  readonly tags: readonly string[];
  /** What the Dockerfile is built upon. */
  readonly bases: readonly string[];
}> {
  const image = checkImage(options.image);
  const tags = checkTags(options.tags);
  if (tags.length === 0) {
    throw new ReportedError(2, `The image ${image} gets no tag: give at least one.`);
  }
  const wrong = options.platforms.find((platform) => !PLATFORM.test(platform));
  if (wrong !== undefined) {
    throw new ReportedError(
      2,
      `${JSON.stringify(wrong)} is no platform: write it like linux/arm64.`,
    );
  }
  const file = path.join(options.context, "Dockerfile");
  if (!(await isFile(file))) {
    throw new ReportedError(
      2,
      `There is no ${file} to build the image ${image} from: add one, or correct the context.`,
    );
  }
  const { bases, stages } = imagesOf(await readFile(file, "utf8"), options.buildArgs, file);
  const { testTarget } = options;
  if (testTarget !== null && !stages.includes(testTarget.toLowerCase())) {
    const known = stages.length === 0 ? "none" : stages.join(", ");
    throw new ReportedError(
      2,
      `${file} has no stage ${JSON.stringify(testTarget)} to test with; it has: ${known}.\n` +
        `Correct the test target, or add a stage: FROM base AS ${testTarget}`,
    );
  }
  return { image, tags, bases };
}

/**
 * Build arguments, each `NAME=value`; the value may be empty.
 *
 * @throws ReportedError (2) for anything else, and for a name that comes twice.
 */
export function parseBuildArgs(texts: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const text of texts) {
    const [, name, value = ""] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
    if (name === undefined) {
      throw new ReportedError(
        2,
        `The build argument ${JSON.stringify(text)} is not NAME=value, with a name of letters, digits and _.`,
      );
    }
    if (found.has(name)) {
      throw new ReportedError(2, `The build argument ${name} is given twice: keep one.`);
    }
    found.set(name, value);
  }
  return found;
}
