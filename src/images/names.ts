import { ReportedError } from "../sweep/errors.ts";

/** Which commit a workflow builds. */
export interface GitRef {
  readonly refType: "branch" | "tag" | null;
  /** `main`, `v1.2.3`, `7/merge` of a pull request. */
  readonly refName: string;
  /** Of the commit, whole; null where there is none. */
  readonly sha: string | null;
  readonly defaultBranch: string | null;
}

/** https://github.com/distribution/reference/blob/main/regexp.go */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.?)+(?::\d+)?$|^\[[0-9a-f:]+\](?::\d+)?$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const LONGEST_NAME = 255;

/** How our own tags begin: `sim-<hash>` for content, `sim-cache` for layers. */
const OURS = /^sim-([0-9a-f]{32}|cache)$/;

/**
 * An image's name in lower case, as registries want it.
 *
 * @throws ReportedError (2) for what is no name, or one with a tag or digest.
 */
export function checkImage(text: string): string {
  const name = text.trim().toLowerCase();
  const [first = "", ...rest] = name.split("/");
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const path = hasHost ? rest : [first, ...rest];
  const last = path.at(-1) ?? "";
  if (last.includes("@") || last.includes(":")) {
    throw wrongName(text, "has a tag or digest: name the image alone, and give tags as tags");
  }
  if (name.includes("://")) throw wrongName(text, "is an address: leave the scheme out");
  const bad = path.find((component) => !COMPONENT.test(component));
  if (bad !== undefined) {
    throw wrongName(
      text,
      `has the part ${JSON.stringify(bad)}: parts are made of a-z, 0-9 and single . _ - between them`,
    );
  }
  if (hasHost && !HOST.test(first)) {
    throw wrongName(text, `begins with ${JSON.stringify(first)}, which is no host`);
  }
  if (name.length > LONGEST_NAME)
    throw wrongName(text, `is longer than ${LONGEST_NAME} characters`);
  return name;
}

function wrongName(text: string, what: string): ReportedError {
  return new ReportedError(
    2,
    `The image ${JSON.stringify(text)} ${what}.\nWrite it like ghcr.io/org/simulation.`,
  );
}

/**
 * The tags, each once.
 *
 * @throws ReportedError (2) for one that no registry takes, or that we keep for ourselves.
 */
export function checkTags(tags: readonly string[]): string[] {
  for (const tag of tags) {
    if (/[/:@]/.test(tag)) {
      throw wrongTag(tag, "is more than a tag: name the image apart from its tags");
    }
    if (!TAG.test(tag)) {
      throw wrongTag(
        tag,
        "is not allowed: up to 128 of A-Z, a-z, 0-9, _ . -, of which . and - do not come first",
      );
    }
    if (OURS.test(tag)) throw wrongTag(tag, "is one that sim-pipeline sets itself");
  }
  return [...new Set(tags)];
}

function wrongTag(tag: string, what: string): ReportedError {
  return new ReportedError(
    2,
    `The tag ${JSON.stringify(tag)} ${what}.\nWrite tags like latest or v1.2.3.`,
  );
}

/**
 * The tags for a commit: its branch, with `latest` for the default one; for a version `v1.2.3`
 * the tags 1.2.3, 1.2 and 1 (not 0, which promises nothing), for a pre-release only its own;
 * `pr-7` for a pull request; and `sha-` with 12 digits always.
 */
export function defaultTags({ refType, refName, sha, defaultBranch }: GitRef): string[] {
  const pull = /^(\d+)\/(?:merge|head)$/.exec(refName)?.[1];
  const named =
    pull !== undefined
      ? [`pr-${pull}`]
      : refType === "tag"
        ? versionTags(refName)
        : refType === "branch"
          ? [asTag(refName), ...(refName === defaultBranch ? ["latest"] : [])]
          : [];
  const commit = sha === null ? [] : [`sha-${sha.slice(0, 12)}`];
  return [...new Set([...named, ...commit])].filter((tag) => tag !== "");
}

/** https://semver.org/#is-there-a-suggested-regular-expression-regex-to-check-a-semver-string */
const VERSION =
  /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

function versionTags(name: string): string[] {
  const [, major, minor, patch, pre] = VERSION.exec(name) ?? [];
  if (major === undefined) return [asTag(name)];
  const whole = `${major}.${minor}.${patch}`;
  if (pre !== undefined) return [asTag(`${whole}${pre}`)];
  return [whole, `${major}.${minor}`, ...(major === "0" ? [] : [major])];
}

/** A name of git as a tag: what tags may not hold becomes `-`. */
function asTag(name: string): string {
  return name
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[.-]+/, "")
    .slice(0, 128);
}

/**
 * Where a repository's image goes by default: `ghcr.io/<owner>/<repo>/<folder>`, without the folder
 * for the repository's root. `folder` is the context, relative to the root, `""` for itself.
 */
export function defaultImage(repository: string, folder: string): string {
  const name = folder
    .split(/[/\\]/)
    .filter((part) => part !== "" && part !== ".")
    .at(-1);
  const parts = [repository, ...(name === undefined ? [] : [name])];
  return checkImage(`ghcr.io/${parts.join("/").split("/").map(component).join("/")}`);
}

/** What an image of a folder is called where it is not to go anywhere. */
export function localName(folder: string): string {
  return checkImage(`sim-pipeline/${component(folder)}`);
}

/** A part of a name as registries allow it: what they do not becomes `-`. */
function component(text: string): string {
  const allowed = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, (run) => ([".", "_"].includes(run) ? run : "-"));
  return allowed.replaceAll(/^[._-]+|[._-]+$/g, "") || "x";
}
