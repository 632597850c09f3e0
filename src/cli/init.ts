import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { makeFolder } from "../results/folder.ts";
import { ReportedError } from "../sweep/errors.ts";
import { exits, newCommand } from "./command.ts";
import { print, say } from "./output.ts";

/** At the root of the package, beside `src` and `dist` alike. */
const STARTER = new URL("../../starter/", import.meta.url);

/** Names in the package and in the folder: npm does not pack a .gitignore. */
const FILES = [
  ["sweep.yaml", "sweep.yaml"],
  ["simulate.mts", "simulate.mts"],
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
  ])
    .argument("[folder]", "where to write; made where it is absent", ".")
    .option("--force", "overwrite files that are there")
    .action(
      exits(async (folder, { force }) => {
        writeStarter(folder, force ?? false);
        for (const [, name] of FILES) await print(`${join(folder, name)}\n`);
        const quoted = /^[\w./-]+$/.test(folder) ? folder : JSON.stringify(folder);
        say(`\nNext:\n${folder === "." ? "" : `  cd ${quoted}\n`}  sim-pipeline run`);
        return 0;
      }),
    );
}

/**
 * Writes the starter into a folder, named after it.
 *
 * @throws ReportedError (2) where a file is there already, (3) where it cannot be written.
 */
function writeStarter(folder: string, force: boolean): void {
  const taken = FILES.map(([, name]) => join(folder, name)).filter((path) => existsSync(path));
  if (taken.length > 0 && !force) {
    throw new ReportedError(
      2,
      `Nothing was written, because there is already: ${taken.join(", ")}\n` +
        "Choose another folder, or overwrite with --force.",
    );
  }
  const name = sweepName(basename(resolve(folder)));
  try {
    makeFolder(folder);
    for (const [source, target] of FILES) {
      const text = readFileSync(new URL(source, STARTER), "utf8");
      writeFileSync(join(folder, target), text.replaceAll(PLACEHOLDER, name));
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ReportedError(
      3,
      `Cannot write into ${folder}: ${reason}\nChoose a folder that you may write to.`,
      { cause },
    );
  }
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
