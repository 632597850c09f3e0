import { type Manifest, openRepository, type Repository } from "../registry/client.ts";
import type { Credentials } from "../registry/credentials.ts";
import { RegistryError } from "../registry/faults.ts";
import { parseReference } from "../registry/reference.ts";
import { ReportedError } from "../sweep/errors.ts";
import { type Logins, resolveBases } from "./bases.ts";
import type { Environment } from "./command.ts";
import { hashContext } from "./context.ts";
import { pushCredentials } from "./credentials.ts";
import { contentTag } from "./key.ts";
import { checkOptions, type ImageOptions } from "./options.ts";
import { buildAndPush, buildOnly, type Content } from "./produce.ts";
import { realWait } from "./retry.ts";
import { sourceLabels } from "./source.ts";
import { asking, type Checked, firstLine, fullNames, setTags, type Work } from "./work.ts";

export type { ImageOptions };

export interface MadeImage {
  /** What to run: `name@sha256:…` where it was pushed, else `name:tag` in the daemon. */
  readonly image: string;
  /** Of the manifest in the registry; null where it was not pushed. */
  readonly digest: string | null;
  /** Full names, as `name:latest`. */
  readonly tags: readonly string[];
  /** The same content was there already: it was tested and pushed before. */
  readonly cached: boolean;
}

/**
 * Tests, builds, tags and pushes the image of a Dockerfile; what was pushed before with the same
 * content gets the wanted tags and is not built again. The log goes to `onLine`.
 *
 * @throws ReportedError (2) for wrong options and a missing Dockerfile, (3) for a failed test or
 *   build; RegistryError (3) for what the registry refused.
 */
export async function makeImage(
  options: ImageOptions,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<MadeImage> {
  const given = await checkOptions(options);
  const work: Work = { onLine, signal, wait: options.wait ?? realWait };
  const { trusted } = options;
  if (!trusted && (options.push || options.secrets.size > 0)) {
    onLine("A stranger's pull request: built and tested, without push, cache write or secrets.");
  }
  const checked: Checked = {
    ...options,
    ...given,
    push: options.push && trusted,
    secrets: trusted ? options.secrets : new Map(),
    logins: trusted
      ? await findLogins([given.image, ...given.bases], options.env, signal)
      : new Map(),
    labels: sourceLabels(options.source),
  };
  if (!checked.push) {
    const image = await buildOnly(checked, work);
    const tags = fullNames(checked.image, checked.tags);
    return { image, digest: null, tags, cached: false };
  }

  const repository = openRepository(checked.image, {
    credentials: checked.logins.get(parseReference(checked.image).registry) ?? null,
    access: "pull,push",
    signal,
  });
  const content = await contentOf(checked, work);
  const known = content === null ? null : await lookUp(repository, content.tag, work);
  if (known !== null) {
    onLine(`The same content was tested and pushed before as ${checked.image}:${content?.tag}.`);
    await setTags(repository, checked.tags, known, work);
    return pushed(checked, known, true);
  }
  const manifest = await buildAndPush(checked, repository, content, work);
  return pushed(checked, manifest, false);
}

async function findLogins(
  references: readonly string[],
  env: Environment,
  signal: AbortSignal,
): Promise<Logins> {
  const logins = new Map<string, Credentials>();
  for (const host of new Set(references.map((reference) => parseReference(reference).registry))) {
    const found = await pushCredentials(host, env, signal);
    if (found !== null) logins.set(host, found);
  }
  return logins;
}

/** What this content is called; null where a base image's digest is not to be known. */
async function contentOf(checked: Checked, { onLine, signal }: Work): Promise<Content | null> {
  let bases: ReadonlyMap<string, string>;
  try {
    bases = await resolveBases(checked.bases, checked.logins, checked.env, signal);
  } catch (error) {
    if (!(error instanceof ReportedError)) throw error;
    onLine(`No earlier build is looked for: ${firstLine(error)}`);
    return null;
  }
  const context = await hashContext(checked.context, signal);
  const tag = contentTag({
    context,
    bases,
    buildArgs: checked.buildArgs,
    secretNames: [...checked.secrets.keys()],
    platforms: checked.platforms,
    testTarget: checked.testTarget,
    test: checked.test,
    lint: checked.lint,
    labels: checked.labels.lasting,
  });
  return { tag, context };
}

async function lookUp(repository: Repository, tag: string, work: Work): Promise<Manifest | null> {
  try {
    return await asking(() => repository.manifest(tag), work);
  } catch (error) {
    // Some registries say so of what is not there yet. Whether we may push, the push will tell.
    if (error instanceof RegistryError && error.fault === "forbidden") return null;
    throw error;
  }
}

function pushed({ image, tags }: Checked, { digest }: Manifest, cached: boolean): MadeImage {
  return { image: `${image}@${digest}`, digest, tags: fullNames(image, tags), cached };
}
