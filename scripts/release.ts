/**
 * Releases the commit that is checked out, as the version that package.json names:
 * `node scripts/release.ts [REMOTE]`, in the repository, after `npm run bundle`.
 *
 * The bundles of dist/actions/ are committed on top of it, the tag vX.Y.Z is made there, once and for
 * good, and the branch vX is moved there, which is what `uses: org/sim-pipeline@v1` follows. A
 * prerelease gets its tag only. The branch `main` stays as it is. Needs nothing but Node and git.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

class Refusal extends Error {}

const BUNDLES = "dist/actions";
const AUTHOR = {
  name: "github-actions[bot]",
  email: "41898282+github-actions[bot]@users.noreply.github.com",
};

try {
  release(process.argv[2] ?? "origin");
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

function release(remote: string): void {
  const version = readVersion();
  const tag = `v${version.text}`;
  const branch = `v${version.numbers[0]}`;
  checkBundles();
  const changes = git(["status", "--porcelain"]);
  if (changes !== "") throw new Refusal(`There are changes that are not committed:\n${changes}`);

  const refs = remoteRefs(remote);
  if (refs.has(`refs/tags/${tag}`)) {
    throw new Refusal(`${tag} is released already: raise the version in package.json.`);
  }
  const later = version.isPrerelease ? undefined : laterRelease(version.numbers, refs);
  if (later !== undefined) {
    throw new Refusal(
      `${basename(later)} is released already, and ${tag} would take ${branch} back.`,
    );
  }

  const commit = commitBundles(tag);
  const pushed = [`${commit}:refs/tags/${tag}`];
  const flags = ["--atomic"];
  if (!version.isPrerelease) {
    pushed.push(`${commit}:refs/heads/${branch}`);
    // Refused where another release moved the branch meanwhile, or made it.
    const before = refs.get(`refs/heads/${branch}`) ?? "";
    flags.push(`--force-with-lease=refs/heads/${branch}:${before}`);
  }
  git(["push", ...flags, remote, ...pushed], credentials());
  process.stdout.write(`${tag} is ${commit}\n`);
}

interface Version {
  readonly text: string;
  readonly numbers: readonly number[];
  readonly isPrerelease: boolean;
}

function readVersion(): Version {
  const text: unknown = JSON.parse(readFileSync("package.json", "utf8")).version;
  const parts = /^(\d+)\.(\d+)\.(\d+)(-[0-9A-Za-z.-]+)?$/.exec(String(text));
  if (parts === null) throw new Refusal(`package.json has the version ${text}, which is none.`);
  const numbers = parts.slice(1, 4).map(Number);
  return { text: parts[0], numbers, isPrerelease: parts[4] !== undefined };
}

/** What an action.yml starts has to be there: GitHub looks only when somebody uses it. */
function checkBundles(): void {
  for (const file of globSync(["action.yml", "*/action.yml"])) {
    for (const [, script = ""] of readFileSync(file, "utf8").matchAll(
      /^ {2}(?:main|post): (.+)$/gm,
    )) {
      const path = join(dirname(file), script);
      if (!path.startsWith(`${BUNDLES}/`) || !existsSync(path)) {
        throw new Refusal(`${file} starts ${path}, which is not there: npm run bundle makes it.`);
      }
    }
  }
  if (!existsSync(join(BUNDLES, "licenses.txt")))
    throw new Refusal(`${BUNDLES} has no licenses.txt.`);
}

/** What the remote's tags and branches point to, by their full names. */
function remoteRefs(remote: string): Map<string, string> {
  const lines = git(["ls-remote", "--refs", remote], credentials()).split("\n");
  return new Map(
    lines.flatMap((line): [string, string][] => {
      const [commit, ref] = line.split("\t");
      return commit === undefined || ref === undefined ? [] : [[ref, commit]];
    }),
  );
}

/** A release of the same major version that comes after these numbers. */
function laterRelease(numbers: readonly number[], refs: ReadonlyMap<string, string>) {
  return [...refs.keys()].find((ref) => {
    const parts = /^refs\/tags\/v(\d+)\.(\d+)\.(\d+)$/.exec(ref);
    const other = parts?.slice(1).map(Number) ?? [];
    const differs = other.findIndex((number, i) => number !== numbers[i]);
    return differs > 0 && (other[differs] ?? 0) > (numbers[differs] ?? 0);
  });
}

/**
 * Makes a commit of HEAD with the bundles, which .gitignore leaves out, and touches nothing else. It
 * has HEAD's date, so that the same release made again is the same commit.
 */
function commitBundles(tag: string): string {
  const folder = mkdtempSync(join(tmpdir(), "sim-pipeline-"));
  try {
    const date = git(["show", "--no-patch", "--format=%cI", "HEAD"]);
    const env = {
      GIT_INDEX_FILE: join(folder, "index"),
      GIT_AUTHOR_NAME: AUTHOR.name,
      GIT_AUTHOR_EMAIL: AUTHOR.email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: AUTHOR.name,
      GIT_COMMITTER_EMAIL: AUTHOR.email,
      GIT_COMMITTER_DATE: date,
    };
    git(["read-tree", "HEAD"], env);
    git(["add", "--force", BUNDLES], env);
    const tree = git(["write-tree"], env);
    return git(["commit-tree", tree, "-p", "HEAD", "-m", `release: ${tag}`], env);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The job's token for git over HTTPS, by the environment: arguments are seen by every process. */
function credentials(): Record<string, string> {
  const { GITHUB_TOKEN: token, GITHUB_SERVER_URL: server = "https://github.com" } = process.env;
  if (token === undefined) return {};
  const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
  return {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `http.${server}/.extraheader`,
    GIT_CONFIG_VALUE_0: `AUTHORIZATION: basic ${basic}`,
  };
}

function git(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const done = spawnSync("git", args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0) throw new Refusal(`git ${args[0]} failed: see what it says above.`);
  return done.stdout.trim();
}
