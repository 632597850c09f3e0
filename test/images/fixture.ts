import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ImageOptions, type MadeImage, makeImage } from "../../src/images/make.ts";
import { openRepository, type Repository } from "../../src/registry/client.ts";
import { cli } from "../engines/docker/fixtures.ts";
import { type Buildx, dockerConfig } from "../lab/docker-config.ts";
import type { Registry } from "../lab/lab.ts";

/** A context, an empty repository in the lab's registry, and a docker config of the test's own. */
export interface Fixture extends AsyncDisposable {
  readonly context: string;
  /** Path of the image in its registry. */
  readonly path: string;
  /** The docker config, and where temporary ones are put. */
  readonly config: string;
  readonly temp: string;
  /** What makeImage printed. */
  readonly lines: string[];
  /** The pauses that it would have made, in milliseconds. */
  readonly waits: number[];
  write(files: Readonly<Record<string, string>>): Promise<void>;
  make(options?: Partial<ImageOptions>, signal?: AbortSignal): Promise<MadeImage>;
  /** The image in the registry, asked without makeImage. */
  readonly repository: Repository;
  /** The environment in which `docker` is the lab's. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The same for docker commands of the test's own that the registry has to let in. */
  readonly loggedIn: Readonly<Record<string, string | undefined>>;
}

export async function fixture(buildx: Buildx, registry: Registry, host: string): Promise<Fixture> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "sim-images-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const [context, temp, login] = [
    join(folder, "context"),
    join(folder, "temp"),
    join(folder, "login"),
  ];
  await Promise.all([context, temp, login].map((path) => mkdir(path)));
  const config = cleanup.use(await dockerConfig(buildx)).path;
  const path = `images-test/${randomBytes(6).toString("hex")}`;
  const lines: string[] = [];
  const waits: number[] = [];
  const env = {
    // Debian's docker, which can build without buildx.
    PATH: `/usr/bin:${process.env.PATH}`,
    HOME: folder,
    DOCKER_HOST: host,
    DOCKER_CONFIG: config,
    RUNNER_TEMP: temp,
  };
  const { user, password } = registry;
  await writeFile(join(login, "config.json"), loginFor(registry.address, user, password));
  cleanup.defer(async () => {
    // By name, since an image that the test tagged or pushed may be the lab's own.
    const format = "{{.Repository}} {{.Tag}} {{.Digest}}";
    const filter = ["--digests", "--filter", `reference=*/${path}*`, "--format", format];
    const found = await cli(env, "image", "ls", ...filter);
    const names = found.split("\n").flatMap((line) => {
      const [name, tag, digest] = line.split(" ");
      if (!name) return [];
      return [tag === "<none>" ? `${name}@${digest}` : `${name}:${tag}`];
    });
    if (names.length > 0) await cli(env, "image", "rm", ...new Set(names));
  });
  const owned = cleanup.move();
  return {
    ...{
      context,
      path,
      config,
      temp,
      lines,
      waits,
      env,
      loggedIn: { ...env, DOCKER_CONFIG: login },
    },
    repository: openRepository(`${registry.address}/${path}`, {
      credentials: { kind: "password", user, password },
      access: "pull",
      signal: new AbortController().signal,
    }),
    write: async (files) => {
      for (const [name, content] of Object.entries(files)) {
        await mkdir(dirname(join(context, name)), { recursive: true });
        await writeFile(join(context, name), content);
      }
    },
    make: (options = {}, signal = new AbortController().signal) => {
      const image = options.image ?? `${registry.address}/${path}`;
      const all: ImageOptions = {
        context,
        tags: ["latest"],
        testTarget: null,
        test: null,
        lint: null,
        platforms: [],
        buildArgs: new Map(),
        secrets: new Map(),
        cache: null,
        push: true,
        trusted: true,
        source: { url: null, revision: null, created: null },
        env: { ...env, DOCKER_AUTH_CONFIG: loginFor(image, user, password) },
        wait: async (milliseconds) => {
          waits.push(milliseconds);
        },
        ...options,
        image,
      };
      return makeImage(all, (line) => lines.push(line), signal);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What DOCKER_AUTH_CONFIG is for the registry of an image. */
export function loginFor(image: string, user: string, password: string): string {
  const auth = Buffer.from(`${user}:${password}`).toString("base64");
  return JSON.stringify({ auths: { [image.split("/", 1)[0] ?? ""]: { auth } } });
}
