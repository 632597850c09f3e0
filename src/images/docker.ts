import { type Fault, type RegistryError, registryError } from "../registry/faults.ts";
import { parseReference } from "../registry/reference.ts";
import { ReportedError } from "../sweep/errors.ts";
import type { Builder } from "./builder.ts";
import { type Ended, type Environment, runCommand } from "./command.ts";

/** What the docker CLI is told about every build of one image. */
export interface DockerBuild {
  readonly builder: Builder;
  readonly context: string;
  readonly platforms: readonly string[];
  readonly buildArgs: ReadonlyMap<string, string>;
  /** Mounted for RUN --mount=type=secret by name; never arguments, which the image's history keeps. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  /** Seconds since 1970, for the image's own dates; null: now. */
  readonly epoch: number | null;
  /** Takes base images from their registry even where the daemon has some of that name. */
  readonly pull: boolean;
  /** Where layers of earlier builds may be found, or null. */
  readonly cacheFrom: string | null;
  readonly env: Environment;
}

/** What becomes of what was built. */
export type Output =
  | { readonly to: "cache" }
  | { readonly to: "daemon"; readonly references: readonly string[]; readonly inlineCache: boolean }
  | { readonly to: "registry"; readonly reference: string; readonly cacheTo: string | null };

const QUOTED_LINES = 20;

/** The arguments of `docker`, and what its environment has on top. */
export function buildCommand(
  build: DockerBuild,
  target: string | null,
  output: Output,
): { args: string[]; env: Record<string, string> } {
  const { builder, context, platforms, buildArgs, secrets, labels, epoch } = build;
  const args = builder === "daemon" ? ["build"] : ["buildx", "build"];
  const env: Record<string, string> = builder === "daemon" ? { DOCKER_BUILDKIT: "1" } : {};
  if (epoch !== null) env.SOURCE_DATE_EPOCH = String(epoch);
  if (platforms.length > 0) args.push("--platform", platforms.join(","));
  if (target !== null) args.push("--target", target);
  if (build.pull) args.push("--pull");
  for (const [name, value] of buildArgs) args.push("--build-arg", `${name}=${value}`);
  for (const [i, [name, value]] of [...secrets].entries()) {
    // Under names of our own, so that a secret called PATH is only a secret.
    env[`SIM_BUILD_SECRET_${i}`] = value;
    args.push("--secret", `id=${name},env=SIM_BUILD_SECRET_${i}`);
  }
  for (const [name, value] of labels) args.push("--label", `${name}=${value}`);
  if (build.cacheFrom !== null) args.push("--cache-from", `type=registry,ref=${build.cacheFrom}`);
  args.push(...outputArgs(builder, output), context);
  return { args, env };
}

function outputArgs(builder: Builder, output: Output): string[] {
  switch (output.to) {
    case "cache":
      return ["--output", "type=cacheonly"];
    case "daemon":
      return [
        ...(builder === "daemon" ? [] : ["--load"]),
        ...(output.inlineCache ? ["--cache-to", "type=inline"] : []),
        ...output.references.flatMap((reference) => ["--tag", reference]),
      ];
    case "registry":
      return [
        ...["--push", "--provenance=mode=min", "--sbom=true", "--tag", output.reference],
        // A cache that cannot be written costs time later, not the image.
        ...(output.cacheTo === null
          ? []
          : ["--cache-to", `type=registry,ref=${output.cacheTo},mode=max,ignore-error=true`]),
      ];
  }
}

/**
 * Builds a target of the context's Dockerfile, or its last stage.
 *
 * @throws ReportedError (3) where the build fails, with the end of its log; RegistryError where
 *   it fails to push.
 */
export async function dockerBuild(
  build: DockerBuild,
  target: string | null,
  output: Output,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { args, env } = buildCommand(build, target, output);
  const command = { program: "docker", args, env: { ...build.env, ...env } };
  const ended = await runCommand(command, onLine, signal);
  if (ended.code === 0) return;
  if (output.to === "registry") throw pushError(output.reference, ended);
  throw buildError(target, ended);
}

function buildError(target: string | null, { code, tail }: Ended): ReportedError {
  const log = tail.slice(-QUOTED_LINES).map((line) => `  ${line}`);
  const text = tail.join("\n");
  const what = target === null ? "The image" : `The target ${target} of the Dockerfile`;
  const remedy = /buildx component is missing/.test(text)
    ? "This docker CLI builds with its buildx plugin alone, which is not installed: https://docs.docker.com/go/buildx/"
    : /target stage .* could not be found|failed to reach build target/.test(text)
      ? "Correct the target's name, or add that stage to the Dockerfile."
      : /cannot connect to the docker daemon|is the docker daemon running/i.test(text)
        ? "Start Docker, or set DOCKER_HOST."
        : /no space left on device/i.test(text)
          ? "The disk is full: free space with `docker system prune`."
          : "Nothing was pushed. Correct what the log names; `docker build` does the same by hand.";
  return new ReportedError(
    3,
    [`${what} cannot be built (exit code ${code}):`, ...log, remedy].join("\n"),
  );
}

/** Pushes what the daemon has under this reference. Throws RegistryError. */
export async function dockerPush(
  reference: string,
  env: Environment,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const command = { program: "docker", args: ["push", reference], env };
  const ended = await runCommand(command, onLine, signal);
  if (ended.code !== 0) throw pushError(reference, ended);
}

/** How docker and BuildKit word what registries and networks did; the first that fits decides. */
const WORDS: readonly (readonly [RegExp, Fault])[] = [
  [/toomanyrequests|429 Too Many|rate limit/i, "busy"],
  [
    /unexpected (?:HTTP )?status(?: from \S+ request to \S+)?: 5\d\d|HTTP status: 5\d\d|\b50[0-4] (?:Internal|Not Impl|Bad Gate|Service|Gateway)/i,
    "broken",
  ],
  [/no such host/i, "unknown-host"],
  [/x509:|certificate|tls: |server gave HTTP response to HTTPS client/i, "untrusted"],
  [
    /unauthorized|no basic auth credentials|401 |authentication required|authorization failed/i,
    "unauthorized",
  ],
  [/denied|403 |forbidden|insufficient_scope/i, "forbidden"],
  [/name unknown|repository .*does not exist|404 |not found/i, "missing"],
  [
    /connection (?:reset|refused|closed)|broken pipe|EOF|time(?:d )?out|use of closed network|network is unreachable|temporary failure/i,
    "unreachable",
  ],
];

/** What a failed push was about, by what docker printed. */
export function pushError(reference: string, { code, tail }: Ended): RegistryError {
  const said = tail.findLast((line) => line.trim() !== "") ?? `exit code ${code}`;
  const fault = WORDS.find(([words]) => words.test(said))?.[1] ?? "refused";
  const { registry, repository } = parseReference(reference);
  return registryError(fault, { host: registry, action: `Cannot push ${repository}`, said });
}
