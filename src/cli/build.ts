import { basename, resolve } from "node:path";
import { Option } from "@commander-js/extra-typings";
import type { ImageOptions, MadeImage } from "../images/make.ts";
import { ReportedError } from "../sweep/errors.ts";
import { exits, jsonOption, newCommand } from "./command.ts";
import { harmless, printJson, say } from "./output.ts";
import { listenToSignals } from "./signals.ts";

interface Flags {
  readonly image?: string;
  readonly tag: readonly string[];
  readonly testTarget?: string;
  readonly test?: string;
  readonly lint?: string;
  readonly platform: readonly string[];
  readonly buildArg: readonly string[];
  readonly secret: readonly string[];
  readonly push?: true;
  readonly cache?: boolean;
}

/** `sim-pipeline build` */
export function buildCommand() {
  return newCommand(
    "build",
    "Test, build and, with --push, push an image. What was pushed before with the same content is not built again.",
    [
      ["sim-pipeline build", "builds ./Dockerfile into the local Docker"],
      ["sim-pipeline build sims/pi --test-target test", "the stage `test` has to build first"],
      ["sim-pipeline build --test 'npm test' --lint 'npm run lint'", "commands go first too"],
      ["sim-pipeline build --image ghcr.io/org/pi --tag 1.0 --push", "and pushes it"],
      ["sim-pipeline build --secret NPM_TOKEN --build-arg MODE=fast", "a secret by its variable"],
    ],
  )
    .argument("[folder]", "the context: the folder with the Dockerfile (default: this one)")
    .option(
      "--image <name>",
      "name without a tag (default: ghcr.io/<repository>/<folder>, or sim-pipeline/<folder> where origin is not on GitHub)",
    )
    .addOption(repeated("--tag <tag>", "a tag (repeats)", "branch, commit, latest"))
    .option("--test-target <stage>", "a stage of the Dockerfile that has to build first")
    .option("--test <command>", "a command that has to succeed first, in the context's folder")
    .option("--lint <command>", "the same, before the tests")
    .addOption(repeated("--platform <name>", "as linux/arm64 (repeats)", "the builder's own"))
    .addOption(
      repeated(
        "--build-arg <name=value>",
        "can be read from the image: no secrets (repeats)",
        "none",
      ),
    )
    .addOption(
      repeated("--secret <variable>", "mounted for RUN --mount=type=secret (repeats)", "none"),
    )
    .option("--push", "push it, with the credentials of `docker login`")
    .option("--cache", "layers from and to the registry (default: where that can be)")
    .option("--no-cache", "without such a cache")
    .addOption(jsonOption())
    .action(
      exits(async (folder, { json, ...flags }) => await build(folder ?? ".", flags, json ?? false)),
    );
}

/** An option that may be given several times; `otherwise` is what its default means. */
function repeated<const Text extends string>(flags: Text, description: string, otherwise: string) {
  return new Option(flags, description)
    .argParser((value: string, earlier: string[]) => [...earlier, value])
    .default([] as string[], otherwise);
}

async function build(folder: string, flags: Flags, json: boolean): Promise<number> {
  const { makeImage } = await import("../images/make.ts");
  using signals = listenToSignals(say);
  let made: MadeImage;
  try {
    const options = await optionsOf(resolve(folder), flags, process.env);
    made = await makeImage(options, (line) => say(harmless(line)), signals.stop);
  } catch (error) {
    if (!signals.stop.aborted || error instanceof ReportedError) throw error;
    say("Interrupted: nothing is left running.");
    return signals.exitCode() ?? 1;
  }
  say(
    made.digest === null
      ? `Built ${made.image}`
      : `${made.cached ? "Tagged" : "Pushed"} ${made.image}`,
  );
  if (json) await printJson(made);
  return 0;
}

/** What the flags and git say of an image. */
async function optionsOf(
  context: string,
  flags: Flags,
  env: NodeJS.ProcessEnv,
): Promise<ImageOptions> {
  const { defaultImage, defaultTags, localName } = await import("../images/names.ts");
  const { parseBuildArgs } = await import("../images/options.ts");
  const { gitSource, githubRepository } = await import("../images/source.ts");
  const git = await gitSource(context);
  const repository = githubRepository(git.url);
  if (flags.image === undefined && flags.push === true && repository === null) {
    throw new ReportedError(
      2,
      "There is no telling where to push to: the folder is of no repository on github.com.\n" +
        "Name the image: --image ghcr.io/org/simulation",
    );
  }
  const tags = defaultTags({
    refType: git.branch === null ? null : "branch",
    refName: git.branch ?? "",
    sha: git.clean ? git.revision : null,
    defaultBranch: git.defaultBranch,
  });
  return {
    context,
    image:
      flags.image ??
      (repository === null
        ? localName(basename(context))
        : defaultImage(repository, git.folder ?? "")),
    tags: flags.tag.length > 0 ? flags.tag : tags.length > 0 ? tags : ["latest"],
    testTarget: flags.testTarget ?? null,
    test: flags.test ?? null,
    lint: flags.lint ?? null,
    platforms: flags.platform.flatMap((names) => names.split(",")),
    buildArgs: parseBuildArgs(flags.buildArg),
    secrets: secretsFrom(flags.secret, env),
    cache: flags.cache ?? null,
    push: flags.push ?? false,
    trusted: true,
    source: git.clean ? git : { url: git.url, revision: null, created: null },
    env,
  };
}

function secretsFrom(names: readonly string[], env: NodeJS.ProcessEnv): Map<string, string> {
  return new Map(
    names.map((name) => {
      const value = env[name] ?? "";
      if (value !== "") return [name, value];
      // Not quoted: who wrote NAME=value by mistake has the secret in it.
      throw new ReportedError(
        2,
        "A --secret is the name of an environment variable that is set; one of them is not.\n" +
          "Write export NAME=…, then --secret NAME: a command line can be seen by others.",
      );
    }),
  );
}
