/** A repository like ours for act, with the actions as this working tree has them. */

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { actionEntries, actionFolders } from "../../../scripts/action-files.ts";
import { bundleActions } from "../../../scripts/bundle-actions.ts";
import { type ActRepository, actRepository } from "../../lab/act.ts";

const root = join(import.meta.dirname, "../../..");

/** Everything that our workflows use. */
const TAKEN = [".github", ".gitignore", "package.json", "sims/monte-carlo-pi"];

/**
 * What the step "set up" does on GitHub, installing and bundling, is done before: in each of twenty
 * jobs it would take most of the time.
 */
const SET_UP = `name: set up
description: The bundles are there.
runs:
  using: composite
  steps:
    - run: test -f dist/actions/plan.js
      shell: bash
`;

/** New texts of files, by their path, made from the old ones. */
export type Changes = Readonly<Record<string, (text: string) => string>>;

export interface Source extends AsyncDisposable {
  readonly folder: string;
  /** A repository of these files, some of them changed. */
  checkout(changes?: Changes): Promise<ActRepository>;
}

/** Bundles the actions, once for all the repositories of a test file. */
export async function repositorySource(): Promise<Source> {
  const folder = await mkdtemp(join(tmpdir(), "sim-pipeline-source-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(remove);
  for (const path of [...TAKEN, ...actionFolders.map((action) => join(action, "action.yml"))]) {
    cpSync(join(root, path), join(folder, path), { recursive: true });
  }
  await bundleActions(join(folder, "dist/actions"), actionEntries());
  writeFileSync(join(folder, ".github/actions/setup/action.yml"), SET_UP);
  const owned = cleanup.move();
  return {
    folder,
    checkout: (changes = {}) => checkout(folder, changes),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function checkout(source: string, changes: Changes): Promise<ActRepository> {
  const folder = await mkdtemp(join(tmpdir(), "sim-pipeline-changed-"));
  try {
    cpSync(source, folder, { recursive: true });
    for (const [file, change] of Object.entries(changes)) {
      const path = join(folder, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, change(readFileSync(path, "utf8")));
    }
    execFileSync("git", ["init", "--quiet", folder]);
    return await actRepository(folder, ["dist"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const workflowSchema = z.looseObject({
  jobs: z.record(z.string(), z.looseObject({ steps: z.array(z.unknown()).optional() })),
});

/** A workflow less its other jobs: act has no way to run some jobs and not what they need. */
export function onlyJobs(text: string, ...names: readonly string[]): string {
  const workflow = workflowSchema.parse(parse(text));
  const jobs = Object.entries(workflow.jobs).filter(([name]) => names.includes(name));
  if (jobs.length !== names.length) throw new Error(`not all of ${names} are in the workflow`);
  return stringify({ ...workflow, jobs: Object.fromEntries(jobs) });
}

/**
 * A workflow as GitHub runs it again for failed jobs only: a job that succeeded is not run, and its
 * outputs are those of the first time.
 */
export function succeededBefore(
  text: string,
  name: string,
  step: string,
  outputs: Readonly<Record<string, string>>,
): string {
  const workflow = workflowSchema.parse(parse(text));
  const lines = Object.entries(outputs).map(([key, value]) => `${key}=${value}`);
  const run = `cat >> "$GITHUB_OUTPUT" <<'END'\n${lines.join("\n")}\nEND\n`;
  const job = { ...workflow.jobs[name], steps: [{ id: step, run }] };
  return stringify({ ...workflow, jobs: { ...workflow.jobs, [name]: job } });
}
