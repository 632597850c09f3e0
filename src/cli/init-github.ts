/**
 * What `init --github` adds: a workflow that builds the simulation's image on a push, and one that
 * runs its sweep.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { ReportedError } from "../sweep/errors.ts";

/** A file to write: its path as the user sees it, and its text. */
export interface StarterFile {
  readonly path: string;
  readonly text: string;
}

/** The git repository around a simulation. */
export interface Repository {
  /** Its root, relative to the working directory: `.` or `../..` or absolute, as it is shorter. */
  readonly root: string;
  /** The simulation's folder, from the root, with `/`; empty for the root itself. */
  readonly folder: string;
  /** Where it is on GitHub: `https://github.com/owner/name`; null where no remote says so. */
  readonly url: string | null;
}

/** What the workflows' templates call the simulation and its folder. */
const PLACEHOLDER = { name: "my-sweep", folder: "simulations/my-sweep" };

/** Letters that mean the same in YAML, in GitHub's path patterns and in a registry's names. */
const PLAIN_PATH = /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/;

/**
 * The git repository that a folder, which need not be there yet, is in.
 *
 * @throws ReportedError (2) where there is none, or where workflows cannot name the folder.
 */
export function findRepository(folder: string): Repository {
  const wanted = realPath(resolve(folder));
  let root = wanted;
  // A file in a work tree or submodule, else a folder.
  while (!existsSync(join(root, ".git"))) {
    const parent = dirname(root);
    if (parent === root) {
      throw new ReportedError(
        2,
        `${folder} is in no git repository, and GitHub finds workflows at a repository's root only.\n` +
          "Run `git init` where the root shall be, or clone the repository first.",
      );
    }
    root = parent;
  }
  const inside = relative(root, wanted).split(sep).join("/");
  if (inside !== "" && !PLAIN_PATH.test(inside)) {
    throw new ReportedError(
      2,
      `Workflows cannot name the folder ${JSON.stringify(inside)}: ` +
        "write it in letters, digits, `.`, `_` and `-`, with no `.` or `-` at its start.",
    );
  }
  return { root: relative(realPath(process.cwd()), root) || ".", folder: inside, url: urlOf(root) };
}

/** Without links, as far as it is there. */
function realPath(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(realPath(parent), relative(parent, path));
}

/** GitHub's page of a repository, by its remote `origin`. */
function urlOf(root: string): string | null {
  let config: string;
  try {
    config = readFileSync(join(root, ".git/config"), "utf8");
  } catch {
    // In a work tree or submodule it is elsewhere: the advice then names no address.
    return null;
  }
  const origin = /^\[remote "origin"\]$([^[]*)/m.exec(config)?.[1] ?? "";
  const place = /^\s*url\s*=\s*\S*github\.com[:/]([\w.-]+\/[\w.-]+?)(\.git)?\/?\s*$/m.exec(origin);
  return place === null ? null : `https://github.com/${place[1]}`;
}

/**
 * The workflows of a simulation, for the repository's root.
 *
 * @param starter reads a file of the starter, and gives the simulation's Dockerfile
 */
export function workflowFiles(
  repository: Repository,
  name: string,
  starter: { readonly read: (source: string) => string; readonly dockerfile: string },
): StarterFile[] {
  const { root, folder } = repository;
  // Else the build fails for want of a stage that nobody asked for.
  const tested = /^\s*FROM\s.*\sAS\s+test\s*$/im.test(starter.dockerfile);
  return ["build", "sweep"].map((kind) => ({
    path: join(root, ".github/workflows", `${kind}-${name}.yml`),
    text: starter
      .read(`github/${kind}.yml`)
      .replace(/^ *test-target: test\n/m, (line) => (tested ? line : ""))
      .replaceAll(`${PLACEHOLDER.folder}/`, folder === "" ? "" : `${folder}/`)
      .replaceAll(PLACEHOLDER.folder, folder === "" ? "." : folder)
      .replaceAll(PLACEHOLDER.name, name),
  }));
}

/** Whether git would take what `run` leaves in the simulation's folder. */
function tracksRuns(root: string, runs: string): boolean {
  // The slash tells of a folder, which need not be there. Without git there is no telling.
  return spawnSync("git", ["-C", root, "check-ignore", "--quiet", `${runs}/`]).status === 1;
}

/** What to do next, for people. */
export function adviseGithub(repository: Repository, name: string, own: boolean): string {
  const { folder, url, root } = repository;
  const at = (file: string) => (folder === "" ? file : `${folder}/${file}`);
  const absent = ["sweep.yaml", "Dockerfile"].filter((file) => !existsSync(join(root, at(file))));
  const paths = folder === "" ? "." : `.github/workflows ${folder}`;
  return [
    ...(own
      ? [`\nThere is a simulation in ${folder || "the root"}: only its workflows were written.`]
      : []),
    "\nNext:",
    ...absent.map((file) => `  write ${at(file)}, which the workflows use`),
    ...(root === "." ? [] : [`  cd ${root}`]),
    ...(tracksRuns(root, at("runs")) ? [`  echo runs/ >> ${at(".gitignore")}`] : []),
    `  git add ${paths} && git commit -m "Add the sweep ${name}" && git push`,
    "",
    `The push builds the image: see ${url === null ? "the repository's tab Actions" : `${url}/actions`}`,
    `On the default branch, run the sweep there, or with: gh workflow run sweep-${name}.yml`,
    "Its results are an artifact of that run.",
    "Where the push to ghcr.io is denied: a package of that name, made elsewhere, has to let this",
    "repository write, in the package's settings under Manage Actions access.",
  ].join("\n");
}
