import { type Manifest, openRepository, type Repository } from "../registry/client.ts";
import type { Credentials } from "../registry/credentials.ts";
import { RegistryError } from "../registry/faults.ts";
import { parseReference } from "../registry/reference.ts";
import { ReportedError } from "../sweep/errors.ts";
import { type Logins, resolveBases } from "./bases.ts";
import { checkNeeds, findBuilder, lackOf } from "./builder.ts";
import type { Environment } from "./command.ts";
import { hashContext } from "./context.ts";
import { pushCredentials } from "./credentials.ts";
import { type DockerBuild, dockerBuild, dockerPush } from "./docker.ts";
import { openDockerSession } from "./docker-config.ts";
import { runGate } from "./gate.ts";
import { contentTag } from "./key.ts";
import { checkOptions, type ImageOptions } from "./options.ts";
import { realWait, retried, type Wait } from "./retry.ts";
import { sourceLabels } from "./source.ts";

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

/** Layers of earlier builds lie under this tag. */
const CACHE_TAG = "sim-cache";

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
  if (!checked.push) return await buildOnly(checked, work);

  const repository = openRepository(checked.image, {
    credentials: checked.logins.get(parseReference(checked.image).registry) ?? null,
    access: "pull,push",
    signal,
  });
  const content = await contentOf(checked, work);
  const known = content === null ? null : await lookUp(repository, content, work);
  if (known !== null) {
    onLine(`The same content was tested and pushed before as ${checked.image}:${content}.`);
    await setTags(repository, checked.tags, known, work);
    return pushed(checked, known, true);
  }
  const manifest = await buildAndPush(checked, repository, content, work);
  return pushed(checked, manifest, false);
}

/** How things are told, stopped and waited for. */
interface Work {
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
  readonly wait: Wait;
}

interface Checked extends ImageOptions {
  /** What the Dockerfile is built upon. */
  readonly bases: readonly string[];
  readonly logins: Logins;
  readonly labels: ReturnType<typeof sourceLabels>;
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

/** The tag that stands for this content; null where a base image's digest is not to be known. */
async function contentOf(checked: Checked, { onLine, signal }: Work): Promise<string | null> {
  let bases: ReadonlyMap<string, string>;
  try {
    bases = await resolveBases(checked.bases, checked.logins, checked.env, signal);
  } catch (error) {
    if (!(error instanceof ReportedError)) throw error;
    onLine(`No earlier build is looked for: ${firstLine(error)}`);
    return null;
  }
  return contentTag({
    context: await hashContext(checked.context, signal),
    bases,
    buildArgs: checked.buildArgs,
    secretNames: [...checked.secrets.keys()],
    platforms: checked.platforms,
    testTarget: checked.testTarget,
    test: checked.test,
    lint: checked.lint,
    labels: checked.labels.lasting,
  });
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

async function setTags(
  repository: Repository,
  tags: readonly string[],
  manifest: Manifest,
  work: Work,
): Promise<void> {
  for (const tag of tags) await asking(() => repository.setTag(tag, manifest), work);
}

function pushed({ image, tags }: Checked, { digest }: Manifest, cached: boolean): MadeImage {
  return { image: `${image}@${digest}`, digest, tags: fullNames(image, tags), cached };
}

function fullNames(image: string, tags: readonly string[]): string[] {
  return tags.map((tag) => `${image}:${tag}`);
}

async function buildOnly(checked: Checked, work: Work): Promise<MadeImage> {
  const { image, tags, platforms } = checked;
  await using session = await openDockerSession(checked.env, checked.logins);
  const build = await prepare(checked, false, session.env, work);
  await runGates(build, checked, work);
  // The daemon holds no image of several platforms.
  const keeps = platforms.length < 2;
  const references = fullNames(image, tags);
  const output = keeps
    ? ({ to: "daemon", references, inlineCache: false } as const)
    : ({ to: "cache" } as const);
  await dockerBuild(build, null, output, work.onLine, work.signal);
  if (!keeps)
    work.onLine("Built for all platforms; without a push there is no place to keep that.");
  return { image: references[0] ?? image, digest: null, tags: references, cached: false };
}

async function buildAndPush(
  checked: Checked,
  repository: Repository,
  content: string | null,
  work: Work,
): Promise<Manifest> {
  const { image, tags } = checked;
  const { onLine, signal } = work;
  await using session = await openDockerSession(checked.env, checked.logins);
  // What was hashed is to be what is built; where nothing was, images of the daemon's own do.
  const build = await prepare(checked, content !== null, session.env, work);
  const lack = lackOf(build.builder);
  if (lack !== null) onLine(lack);
  await runGates(build, checked, work);

  const tag = content ?? tags[0] ?? "latest";
  const reference = `${image}:${tag}`;
  const inlineCache = build.builder === "buildx-daemon" && build.cacheFrom !== null;
  if (build.builder === "buildkit") {
    // First without the push, so that a failure is told from one of the registry.
    await dockerBuild(build, null, { to: "cache" }, onLine, signal);
    const output = { to: "registry", reference, cacheTo: build.cacheFrom } as const;
    await asking(() => dockerBuild(build, null, output, onLine, signal), work);
  } else {
    const output = { to: "daemon", references: [reference], inlineCache } as const;
    await dockerBuild(build, null, output, onLine, signal);
    await asking(() => dockerPush(reference, session.env, onLine, signal), work);
  }
  const manifest = await asking(() => repository.manifest(tag), work);
  if (manifest === null) {
    throw new ReportedError(
      3,
      `${reference} was pushed, and now the registry does not have it.\n` +
        "Somebody may have deleted it meanwhile: run again.",
    );
  }
  await setTags(repository, [...tags, ...(inlineCache ? [CACHE_TAG] : [])], manifest, work);
  return manifest;
}

async function prepare(
  checked: Checked,
  pull: boolean,
  env: Environment,
  { signal }: Work,
): Promise<DockerBuild> {
  const builder = await findBuilder(env, signal);
  checkNeeds(builder, checked);
  const cache = checked.cache ?? (checked.push && builder !== "daemon");
  const { created } = checked.source;
  return {
    builder,
    context: checked.context,
    platforms: checked.platforms,
    buildArgs: checked.buildArgs,
    secrets: checked.secrets,
    labels: checked.labels.all,
    epoch: created === null ? null : Math.floor(created.getTime() / 1000),
    pull,
    cacheFrom: cache ? `${checked.image}:${CACHE_TAG}` : null,
    env,
  };
}

/** Everything that has to succeed before a push, the quickest first. */
async function runGates(build: DockerBuild, checked: Checked, work: Work): Promise<void> {
  const { context: folder, testTarget, env } = checked;
  for (const name of ["lint", "test"] as const) {
    const command = checked[name];
    if (command !== null) await runGate({ name, command, folder }, env, work.onLine, work.signal);
  }
  if (testTarget !== null) {
    await dockerBuild(build, testTarget, { to: "cache" }, work.onLine, work.signal);
  }
}

/** Asks a registry again where it fails in passing. */
async function asking<T>(attempt: () => Promise<T>, { onLine, signal, wait }: Work): Promise<T> {
  const onRetry = (error: RegistryError) => onLine(`Trying again: ${firstLine(error)}`);
  return await retried(attempt, { signal, wait, onRetry });
}

function firstLine(error: Error): string {
  return error.message.split("\n", 1)[0] ?? "";
}
