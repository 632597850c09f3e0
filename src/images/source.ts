import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Where a context comes from; null what nobody knows. */
export interface Source {
  /** Address of the repository, for people: https://github.com/org/repo */
  readonly url: string | null;
  /** The commit that is checked out. */
  readonly revision: string | null;
  /** When that was made. */
  readonly created: Date | null;
  /** Whether the folder is as it was committed. */
  readonly clean: boolean;
  /** The branch that is checked out. */
  readonly branch: string | null;
  /** The branch that the remote calls its default. */
  readonly defaultBranch: string | null;
  /** The context's path below the repository's root, `""` for the root itself; `/` between. */
  readonly folder: string | null;
}

const execute = promisify(execFile);

/** Asks git about a folder. Where there is no git or no repository, nothing is known. */
export async function gitSource(folder: string): Promise<Source> {
  const git = async (...args: string[]): Promise<string | null> => {
    try {
      return (await execute("git", ["-C", folder, ...args])).stdout.trim();
    } catch {
      // No git, no repository, no such thing in it: each means that it is not known.
      return null;
    }
  };
  const [remote, head, date, changes, branch, remoteHead, prefix] = await Promise.all([
    git("remote", "get-url", "origin"),
    git("rev-parse", "HEAD"),
    git("show", "--no-patch", "--format=%ct", "HEAD"),
    git("status", "--porcelain", "--", "."),
    git("symbolic-ref", "--quiet", "--short", "HEAD"),
    git("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"),
    git("rev-parse", "--show-prefix"),
  ]);
  return {
    url: remote === null ? null : webAddress(remote),
    revision: head,
    created: date === null ? null : new Date(Number(date) * 1000),
    clean: changes === "",
    branch,
    defaultBranch: remoteHead?.replace(/^origin\//, "") ?? null,
    folder: prefix?.replace(/\/$/, "") ?? null,
  };
}

/** A remote's address as a browser takes it, without a user or password in it; null for paths. */
export function webAddress(remote: string): string | null {
  const scp = /^(?:[^@/]+@)?([^:/]+\.[^:/]+):(?!\/\/)(.+)$/.exec(remote);
  const [host, path] = scp
    ? [scp[1], scp[2]]
    : (({ hostname, pathname }) => [hostname, pathname.slice(1)])(
        URL.parse(remote) ?? { hostname: "", pathname: "" },
      );
  if (!host || !path) return null;
  return `https://${host}/${path.replace(/\.git$/, "")}`;
}

/** `owner/name` of a repository on github.com, or null. */
export function githubRepository(url: string | null): string | null {
  return /^https:\/\/github\.com\/([^/]+\/[^/]+)$/.exec(url ?? "")?.[1] ?? null;
}

/**
 * The labels that tell where an image comes from. The date is the commit's, so that a second build
 * of it is the same. https://github.com/opencontainers/image-spec/blob/main/annotations.md
 */
export function sourceLabels(source: Pick<Source, "url" | "revision" | "created">): {
  /** Those that are the same for every commit. */
  readonly lasting: ReadonlyMap<string, string>;
  readonly all: ReadonlyMap<string, string>;
} {
  const { url, revision, created } = source;
  const lasting = new Map(url === null ? [] : [["org.opencontainers.image.source", url]]);
  const all = new Map(lasting);
  if (revision !== null) all.set("org.opencontainers.image.revision", revision);
  if (created !== null) {
    all.set("org.opencontainers.image.created", created.toISOString().replace(".000Z", "Z"));
  }
  return { lasting, all };
}
