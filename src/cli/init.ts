import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { makeFolder } from "../results/folder.ts";
import { ReportedError } from "../sweep/errors.ts";
import { exits, newCommand } from "./command.ts";
import { adviseGithub, findRepository, type StarterFile, workflowFiles } from "./init-github.ts";
import { print, say } from "./output.ts";

/** At the root of the package, beside `src` and `dist` alike. */
const STARTER = new URL("../../starter/", import.meta.url);

/** Names in the package and in the folder: npm does not pack a .gitignore. */
const FILES = [
  ["sweep.yaml", "sweep.yaml"],
  ["simulate.mts", "simulate.mts"],
  ["simulate.test.mts", "simulate.test.mts"],
  ["Dockerfile", "Dockerfile"],
  ["dockerignore", ".dockerignore"],
  ["gitignore", ".gitignore"],
  ["README.md", "README.md"],
] as const;

/** The name that the starter's files have for the sweep. */
const PLACEHOLDER = "my-sweep";

/** `sim-pipeline init` */
export function initCommand() {
  return newCommand("init", "Write a first sweep with its simulation, ready to run.", [
    ["sim-pipeline init my-sweep", "into a new folder"],
    ["sim-pipeline init", "into this folder; nothing is overwritten"],
    ["sim-pipeline init --github my-sweep", "with workflows that build it and run the sweep"],
  ])
    .argument("[folder]", "where to write; made where it is absent", ".")
    .option(
      "--github",
      "write workflows for GitHub Actions too; only these, for a simulation that is there",
    )
    .option("--force", "overwrite files that are there; with --github never a simulation")
    .action(
      exits(async (folder, { force, github }) => {
        const name = sweepName(basename(resolve(folder)));
        const repository = github ? findRepository(folder) : null;
        const own = repository !== null && isSimulation(folder);
        const files = [
          ...(own ? [] : starterFiles(folder, name)),
          ...(repository === null
            ? []
            : workflowFiles(repository, name, {
                read: readStarter,
                dockerfile: own ? readOwn(join(folder, "Dockerfile")) : readStarter("Dockerfile"),
              })),
        ];
        writeFiles(files, folder, force ?? false);
        for (const { path } of files) await print(`${path}\n`);
        say(repository === null ? adviseLocal(folder) : adviseGithub(repository, name, own));
        return 0;
      }),
    );
}

/** Whether a folder has a simulation already, of which nothing is to be written anew. */
function isSimulation(folder: string): boolean {
  return ["sweep.yaml", "Dockerfile"].some((file) => existsSync(join(folder, file)));
}

function starterFiles(folder: string, name: string): StarterFile[] {
  return FILES.map(([source, target]) => ({
    path: join(folder, target),
    text: readStarter(source).replaceAll(PLACEHOLDER, name),
  }));
}

function readStarter(source: string): string {
  return readFileSync(new URL(source, STARTER), "utf8");
}

/** The text of a file of the user's, empty where it is not there. */
function readOwn(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return "";
    throw new ReportedError(3, `Cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * Writes files, all or none where one of them is there already.
 *
 * @throws ReportedError (2) where a file is there already, (3) where it cannot be written.
 */
function writeFiles(files: readonly StarterFile[], folder: string, force: boolean): void {
  const taken = files.map(({ path }) => path).filter((path) => existsSync(path));
  if (taken.length > 0 && !force) {
    throw new ReportedError(
      2,
      `Nothing was written, because there is already: ${taken.join(", ")}\n` +
        "Choose another folder, or overwrite with --force.",
    );
  }
  let target = folder;
  try {
    for (const { path, text } of files) {
      target = dirname(path);
      makeFolder(target);
      writeFileSync(path, text);
    }
  } catch (cause) {
    throw new ReportedError(
      3,
      `Cannot write into ${target}: ${reasonOf(cause)}\nChoose a folder that you may write to.`,
      { cause },
    );
  }
}

function adviseLocal(folder: string): string {
  const quoted = /^[\w./-]+$/.test(folder) ? folder : JSON.stringify(folder);
  return `\nNext:\n${folder === "." ? "" : `  cd ${quoted}\n`}  sim-pipeline run`;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** A folder's name as a sweep may have it: a-z, 0-9, - and _, at most 63. */
function sweepName(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, "-")
    .replaceAll(/^[-_]+/g, "")
    .slice(0, 63)
    .replaceAll(/[-_]+$/g, "");
  return name === "" ? PLACEHOLDER : name;
}
