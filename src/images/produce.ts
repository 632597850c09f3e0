import type { Manifest, Repository } from "../registry/client.ts";
import { RegistryError } from "../registry/faults.ts";
import { ReportedError } from "../sweep/errors.ts";
import { checkNeeds, findBuilder, lackOf } from "./builder.ts";
import type { Environment } from "./command.ts";
import { hashContext } from "./context.ts";
import { type DockerBuild, dockerBuild, dockerPush } from "./docker.ts";
import { openDockerSession } from "./docker-config.ts";
import { runGate } from "./gate.ts";
import { asking, type Checked, fullNames, setTags, type Work } from "./work.ts";

/** Layers of earlier builds lie under this tag. */
const CACHE_TAG = "sim-cache";

/** What the image's content was, before anything was run. */
export interface Content {
  /** The tag that stands for it. */
  readonly tag: string;
  /** Of the context, as `hashContext` gives it. */
  readonly context: string;
}

/** Tests and builds an image for the daemon; the name of its first tag. */
export async function buildOnly(checked: Checked, work: Work): Promise<string> {
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
  if (!keeps) {
    work.onLine("Built for all platforms; without a push there is no place to keep that.");
  }
  return references[0] ?? image;
}

/**
 * Tests, builds and pushes an image under the tag of its content, if that is known, and its own
 * tags; the manifest that the registry then has.
 */
export async function buildAndPush(
  checked: Checked,
  repository: Repository,
  content: Content | null,
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

  const isKnown = content !== null && (await isUnchanged(checked, content, work));
  const tag = (isKnown ? content.tag : tags[0]) ?? "latest";
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
    await asking(() => push(reference, repository, session.env, work), work);
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

/** Whether the test and lint commands have left the context as it was looked up. */
async function isUnchanged(
  { context, test, lint }: Checked,
  before: Content,
  { onLine, signal }: Work,
): Promise<boolean> {
  if (test === null && lint === null) return true;
  if ((await hashContext(context, signal)) === before.context) return true;
  onLine("The test or lint command changed the context, so this image is built again next time.");
  onLine("Name the files that it writes in .dockerignore.");
  return false;
}

async function push(
  reference: string,
  repository: Repository,
  env: Environment,
  { onLine, signal }: Work,
): Promise<void> {
  try {
    await dockerPush(reference, env, onLine, signal);
  } catch (error) {
    // The daemon calls it that as well where the registry fails while it is asked for a login.
    if (error instanceof RegistryError && error.fault === "unauthorized") await repository.logIn();
    throw error;
  }
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
